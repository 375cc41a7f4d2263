// Filters, in the three-valued logic of SQL: true, false, and null for what cannot be known.

import { compare, comparable, given, Refusal } from './model.mjs';

const LONGEST_LIST = 100;
const DEEPEST = 12;
const MOST_LISTS = 3;
const LONGEST_ANY_CASE = 200;
const ANY_CASE = { ieq: 'eq', icontains: 'contains', istartsWith: 'startsWith', iendsWith: 'endsWith' };

const all = (truths) => (truths.includes(false) ? false : truths.includes(null) ? null : true);
const any = (truths) => (truths.includes(true) ? true : truths.includes(null) ? null : false);

/** A test of records of a type. What no record could be tested by is refused now. */
export function filterOf(model, typeName, filter, depth = 0, lists = 0) {
  if (depth > DEEPEST) throw new Refusal('a filter is nested too deep');
  if (filter === null) throw new Refusal('a filter is null');
  const tests = Object.entries(filter).map(([name, value]) => part(model, typeName, name, value, depth, lists));
  return (record) => all(tests.map((test) => test(record)));
}

function part(model, typeName, name, value, depth, lists) {
  if (value === null) throw new Refusal(`filter \`${name}\` is null`);
  const { columns, relations } = model.types[typeName];
  const inner = (given, type = typeName, through = 0) => filterOf(model, type, given, depth + 1, lists + through);
  if (columns[name]) return columnTest(model, typeName, columns[name], value);
  if (relations[name]) return relationTest(model, relations[name], value, inner, lists);
  if (name === 'and' || name === 'or') {
    const tests = value.map((one) => inner(one));
    const joined = name === 'and' ? all : any;
    return (record) => joined(tests.map((test) => test(record)));
  }
  const test = inner(value);
  return (record) => test(record) !== true;
}

function relationTest(model, relation, value, inner, lists) {
  if (!relation.many) {
    const test = inner(value, relation.target);
    return (record) => {
      const target = model.one(record, relation);
      return target !== null && test(target) === true;
    };
  }
  if (lists >= MOST_LISTS) throw new Refusal('a filter goes through too many lists');
  const tests = Object.entries(value).map(([quantifier, wanted]) => {
    const test = inner(wanted, relation.target, 1);
    const holds = (target) => test(target) === true;
    const quantified = { some: (list) => list.some(holds), every: (list) => list.every(holds), none: (list) => !list.some(holds) };
    return (record) => quantified[quantifier](model.many(record, relation));
  });
  return (record) => all(tests.map((test) => test(record)));
}

function columnTest(model, typeName, column, operators) {
  const tests = Object.entries(operators).map(([operator, value]) => comparison(model, typeName, column, operator, value));
  return (record) => {
    const own = comparable(column.kind, record.columns[column.column]);
    return all(tests.map((test) => test(own)));
  };
}

function comparison(model, typeName, column, operator, value) {
  if (operator === 'isNull' && value !== null) return (own) => (own === null) === value;
  if (value === null && operator === 'eq') return (own) => own === null;
  if (value === null && operator === 'ne') return (own) => own !== null;
  if (value === null) throw new Refusal(`filter \`${column.name}.${operator}\` is null`);
  const wanted = (one) => (column.kind === 'Id' ? model.idOf(one, typeName) : given(column.kind, one));
  if (operator === 'in') {
    if (value.length > LONGEST_LIST) throw new Refusal('a filter lists too many items');
    const list = value.map(wanted);
    return (own) => any(list.map((one) => (own === null ? null : compare(own, one) === 0)));
  }
  if (operator in ANY_CASE) {
    if ([...value].length > LONGEST_ANY_CASE) throw new Refusal('a text is too long where case does not count');
    const test = comparison(model, typeName, column, ANY_CASE[operator], folded(wanted(value)));
    return (own) => test(own === null ? null : folded(own));
  }
  const right = wanted(value);
  const against = {
    eq: (own) => compare(own, right) === 0,
    ne: (own) => compare(own, right) !== 0,
    lt: (own) => compare(own, right) < 0,
    lte: (own) => compare(own, right) <= 0,
    gt: (own) => compare(own, right) > 0,
    gte: (own) => compare(own, right) >= 0,
    contains: (own) => own.includes(right),
    startsWith: (own) => own.startsWith(right),
    endsWith: (own) => own.endsWith(right),
  }[operator];
  return (own) => (own === null ? null : against(own));
}

/** The text with one letter for all that are the same where case does not count. */
export const folded = (text) => [...text].map(foldedLetter).join('');

function foldedLetter(letter) {
  if (letter <= '\u007f') return letter.toLowerCase();
  // What SQLite reads as one character.
  if (/[\ufffd-\uffff]/.test(letter)) return '\ufffd';
  const one = (given, other) => ([...other].length === 1 ? other : given);
  const upper = one(letter, letter.toUpperCase());
  const fold = one(upper, upper.toLowerCase());
  // An ASCII letter is the same as no other.
  return fold <= '\u007f' ? letter : fold;
}
