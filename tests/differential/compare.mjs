// Whether two answers say the same.

/** So many errors we tell of one operation; the rest is the same again. */
const MOST_ERRORS = 100;

/** Whether we refused because of a bound on what an operation may ask, which the reference has not. */
export function isBounded(ours) {
  const codes = (ours.errors ?? []).map((error) => error.extensions?.code);
  return !('data' in ours) && codes.length > 0 && codes.every((code) => code === 'LIMIT_EXCEEDED');
}

/** What differs between our answer and the reference's, or null. */
export function difference(ours, reference) {
  const refused = !('data' in ours);
  const codes = (ours.errors ?? []).map((error) => error.extensions?.code);
  if (codes.includes('INTERNAL') || codes.includes('BUSY')) return 'failed';
  if (refused !== 'refused' in reference) return refused ? 'only we refuse' : 'only the reference refuses';
  if (refused) return codes.length === 0 || codes.some((code) => !code) ? 'a refusal without a code' : null;
  const at = unequal(ours.data, reference.data, 'data');
  if (at) return `at ${at}`;
  const places = (errors) => JSON.stringify((errors ?? []).slice(0, MOST_ERRORS).map((error) => [error.path, error.extensions?.code ?? error.code]));
  return places(ours.errors) === places(reference.errors) ? null : 'other errors';
}

/** Lists whose order is nobody's promise: introspection's. */
const UNORDERED = new Set(['types', 'possibleTypes', 'directives']);

/** The first place where two values differ, or null. Objects have to have their keys in the same order. */
function unequal(left, right, path) {
  if (left === right) return null;
  if (typeof left === 'string' && typeof right === 'string') return sameCursor(left, right) ? null : path;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return path;
  if (Array.isArray(left) !== Array.isArray(right)) return path;
  const [names, others] = [Object.keys(left), Object.keys(right)];
  if (names.length !== others.length || names.some((name, place) => name !== others[place])) return `${path} (keys)`;
  if (Array.isArray(left) && UNORDERED.has(path.split('.').at(-1))) {
    const sorted = (list) => [...list].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
    [left, right] = [sorted(left), sorted(right)];
  }
  for (const name of names) {
    const at = unequal(left[name], right[name], `${path}.${name}`);
    if (at) return at;
  }
  return null;
}

/** Two cursors are the same if they hold the same values; JSON can spell a character in several ways. */
function sameCursor(left, right) {
  const values = (text) => {
    if (!/^5b([0-9a-f]{2})*5d$/.test(text)) return null;
    try {
      return JSON.stringify(JSON.parse(Buffer.from(text, 'hex').toString()));
    } catch {
      return null;
    }
  };
  return values(left) !== null && values(left) === values(right);
}
