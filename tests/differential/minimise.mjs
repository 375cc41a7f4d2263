// Makes a document that shows a difference smaller, for as long as it still shows it.

import { Kind, parse, print, visit } from 'graphql';

const TRIALS = 1_500;

/** The smallest document found for which `shows(query)` still holds. */
export async function minimised(query, shows) {
  let best = query;
  let trials = 0;
  try {
    const printed = print(parse(query, { noLocation: true }));
    if (await shows(printed)) best = printed;
  } catch {
    // What does not parse is shortened as a text.
  }
  for (let before = null; before !== best && trials < TRIALS; ) {
    before = best;
    for (let place = 0; trials < TRIALS; trials++) {
      const smaller = without(best, place);
      if (smaller === null) break;
      if (smaller.length < best.length && (await shows(smaller))) best = smaller;
      else place++;
    }
  }
  return best;
}

/** The document without the thing at a place, what holds others first; null where there is nothing more to leave out. */
function without(query, left) {
  let document;
  try {
    document = parse(query, { noLocation: true });
  } catch {
    const parts = query.split(/(?<=[\s{}(),])/);
    return left < parts.length ? parts.filter((_, place) => place !== left).join('') : null;
  }
  let seen = -1;
  const enter = (node, key, parent) => (Array.isArray(parent) && ++seen === left ? null : undefined);
  const smaller = visit(document, { enter });
  return seen < left ? null : print(unburdened(document, smaller));
}

/** Without the variables and fragments that only what was left out had used. */
function unburdened(before, after) {
  const used = (document, kind) => {
    const names = new Set();
    visit(document, {
      VariableDefinition: () => (kind === Kind.VARIABLE ? false : undefined),
      [kind]: (node) => { names.add(node.name.value); },
    });
    return names;
  };
  for (;;) {
    const gone = (kind) => {
      const [old, now] = [used(before, kind), used(after, kind)];
      return (name) => old.has(name) && !now.has(name);
    };
    const [noVariable, noFragment] = [gone(Kind.VARIABLE), gone(Kind.FRAGMENT_SPREAD)];
    const next = visit(after, {
      VariableDefinition: (node) => (noVariable(node.variable.name.value) ? null : undefined),
      FragmentDefinition: (node) => (noFragment(node.name.value) ? null : undefined),
    });
    if (next === after) return after;
    after = next;
  }
}
