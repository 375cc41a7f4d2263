// Deterministic choices.

export class Dice {
  constructor(seed) {
    this.state = BigInt.asUintN(64, BigInt(seed));
  }

  /** A number of 32 bits (SplitMix64). */
  roll() {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (this.state ^ (this.state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return Number((mixed ^ (mixed >> 31n)) & 0xffffffffn);
  }

  below(limit) {
    return this.roll() % limit;
  }

  chance(share) {
    return this.roll() < share * 0x100000000;
  }

  of(choices) {
    return choices[this.below(choices.length)];
  }

  /** Some of the choices, in another order. */
  some(choices, most) {
    const left = [...choices];
    const count = Math.min(this.below(most) + 1, left.length);
    return Array.from({ length: count }, () => left.splice(this.below(left.length), 1)[0]);
  }
}
