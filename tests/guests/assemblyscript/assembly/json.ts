// As much of JSON as a plugin needs to find a member of an object. The host only sends what is well-formed.

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** A value, as bytes in memory. One that is not there has no bytes. */
export class Json {
  constructor(private start: usize, private length: usize) {}

  isThere(): bool {
    return this.length > 0;
  }

  /** The member of that name, if this is an object that has it. */
  member(name: string): Json {
    let at = this.space(0);
    if (at >= this.length || this.byte(at) != 0x7b) return new Json(this.start, 0);
    at = this.space(at + 1);
    while (at < this.length && this.byte(at) == QUOTE) {
      const key = at;
      at = this.end(at);
      const found = String.UTF8.decodeUnsafe(this.start + key + 1, at - key - 2) == name;
      // Over the colon.
      at = this.space(this.space(at) + 1);
      const value = at;
      at = this.end(at);
      if (found) return new Json(this.start + value, at - value);
      // Over the comma.
      at = this.space(this.space(at) + 1);
    }
    return new Json(this.start, 0);
  }

  /** A whole number; 0 if there is none. */
  integer(): i32 {
    const number = I64.parseInt(this.text(), 10);
    return <i32>min<i64>(max<i64>(number, i32.MIN_VALUE), i32.MAX_VALUE);
  }

  /** The value as it is written. */
  text(): string {
    return this.length > 0 ? String.UTF8.decodeUnsafe(this.start, this.length) : "0";
  }

  private byte(at: usize): u8 {
    return load<u8>(this.start + at);
  }

  private space(at: usize): usize {
    while (at < this.length && this.byte(at) <= 0x20) at++;
    return at;
  }

  /** Where the value that begins here ends. */
  private end(at: usize): usize {
    let depth = 0;
    while (at < this.length) {
      const byte = this.byte(at);
      if (byte == QUOTE) {
        at++;
        while (at < this.length && this.byte(at) != QUOTE) at += this.byte(at) == BACKSLASH ? 2 : 1;
        at++;
        if (depth == 0) return at;
        continue;
      }
      const opens = byte == 0x7b || byte == 0x5b;
      const closes = byte == 0x7d || byte == 0x5d;
      if (depth == 0 && (closes || byte == 0x2c || byte <= 0x20)) return at;
      if (opens) depth++;
      if (closes && --depth == 0) return at + 1;
      at++;
    }
    return this.length;
  }
}
