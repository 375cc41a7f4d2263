// A plugin against the bare contract, schema/plugin.wit: payment terms, shortened for those who pay late.
//
// `guildhall plugin build --module` makes the component; what it expects of a core module is at the end of this file.

import { Json } from "./json";

function terms(parameters: Json, input: Json): string {
  const subject = input.member("subject");
  const late = subject.member("averageDaysLate").integer();
  const tolerated = parameters.member("lateAfterDays").integer();
  const least = input.member("settings").member("leastDays").integer();
  let days = parameters.member("netDays").integer();
  let discountDays = parameters.member("discountDays").integer();
  let reason = `${late} days late on average`;
  if (late > tolerated) {
    days = max(days - (late - tolerated), least);
    discountDays = min(discountDays, days);
    reason += `, ${tolerated} are tolerated`;
  }
  const discount = parameters.member("discount").text();
  const output = `{"netDays":${days},"discount":${discount},"discountDays":${discountDays}}`;
  return `{"output":${output},"reasons":["${reason}"]}`;
}

// What follows is the contract as the component model's canonical ABI lays it out in memory. Each call runs in an instance
// of its own, so nothing has to be given back.

/** Of a `call`: two lists of bytes, each a pointer and a length. */
const CALL_SIZE: usize = 16;
/** Of an `outcome`: whether it is an error, then a pointer and a length. */
const OUTCOME_SIZE: usize = 12;

export function decide(
  point: usize, pointLength: usize, at: usize, atLength: usize, calls: usize, count: usize,
): usize {
  const name = String.UTF8.decodeUnsafe(point, pointLength);
  const outcomes = heap.alloc(max<usize>(count * OUTCOME_SIZE, 1));
  for (let index: usize = 0; index < count; index++) {
    answer(name, calls + index * CALL_SIZE, outcomes + index * OUTCOME_SIZE);
  }
  const list = heap.alloc(8);
  store<usize>(list, outcomes);
  store<usize>(list, count, 4);
  return list;
}

function answer(point: string, call: usize, outcome: usize): void {
  const parameters = new Json(load<usize>(call), load<usize>(call, 4));
  const input = new Json(load<usize>(call, 8), load<usize>(call, 12));
  let refused = "";
  if (point != "credit.terms") {
    refused = "this plugin does not serve `" + point + "`";
  } else if (!input.member("subject").member("averageDaysLate").isThere()) {
    refused = "the input has no `averageDaysLate`";
  }
  const text = refused.length > 0 ? refused : terms(parameters, input);
  const bytes = String.UTF8.encode(text);
  store<u8>(outcome, refused.length > 0 ? 1 : 0);
  store<usize>(outcome, changetype<usize>(bytes), 4);
  store<usize>(outcome, bytes.byteLength, 8);
}

/** Where the host puts what it hands over. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const place = heap.alloc(max<usize>(size, 1));
  memory.copy(place, old, min(oldSize, size));
  return place;
}

/** A mistake of ours ends the call; the host says so. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
