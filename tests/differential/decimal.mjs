// Exact decimals: a whole number of units of 10^-scale, as BigInt. No number here was ever a float.

/** Decimal places of every decimal and amount in the model. */
export const SCALE = 4;

const PLAIN = /^-?\d+(\.\d+)?$/;
const MOST = 9223372036854775807n;

/** `text` as units of 10^-scale, or null if it is no plain decimal number or has more places than that. */
export function unitsOf(text, scale = SCALE) {
  if (text.length > 40 || !PLAIN.test(text)) return null;
  const negative = text.startsWith('-');
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > scale) return null;
  const units = BigInt(whole + kept.padEnd(scale, '0'));
  if (units > MOST) return null;
  return negative ? -units : units;
}

/** The canonical text: no exponent, no zeros at the end beyond `least` places. */
export function textOf(units, { scale = SCALE, least = 0 } = {}) {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  let fraction = scale === 0 ? '' : digits.slice(-scale).replace(/0+$/, '');
  fraction = fraction.padEnd(least, '0');
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** Half away from zero, to a whole number. */
export function roundedQuotient(dividend, divisor) {
  const negative = dividend < 0n;
  const size = negative ? -dividend : dividend;
  const rounded = (2n * size + divisor) / (2n * divisor);
  return negative ? -rounded : rounded;
}
