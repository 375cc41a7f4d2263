// Lists: order, cursors, pages.

import { createHash } from 'node:crypto';

import { canonical, comparable, compare, given, Refusal } from './model.mjs';
import { filterOf } from './filter.mjs';

const PAGE = 20;
const LARGEST_PAGE = 250;
export const MOST_TERMS = 8;
const MOST_RELATIONS = 3;

/** The terms of an order, made total by the id. They know what stands in the list. */
export function termsOf(model, typeName, orderBy) {
  if (orderBy && orderBy.length > MOST_TERMS) throw new Refusal('an order has too many terms');
  const terms = (orderBy ?? []).map((term) => termOf(model, typeName, term, 0));
  if (!terms.some((term) => term.kind === 'Id' && !term.related)) {
    const descending = terms.at(-1)?.descending ?? false;
    terms.push(columnTerm(model.types[typeName].columns.id, { descending, first: false }));
  }
  return Object.assign(terms, { list: typeName });
}

function columnTerm(column, { descending, first }) {
  const value = (record) => {
    if (record === null) return null;
    const own = comparable(column.kind, record.columns[column.column]);
    // Ids stand in orders without the prefix of their type.
    return column.kind === 'Id' ? own.split('_')[1] : own;
  };
  return { label: column.column.toUpperCase(), kind: column.kind, nullable: column.nullable, descending, first, value };
}

function termOf(model, typeName, term, depth) {
  const named = Object.entries(term).filter(([name, value]) => value !== null && name !== 'direction' && name !== 'nulls');
  if (named.length !== 1) throw new Refusal('a term of an order names not exactly one thing');
  const [[name, value]] = named;
  if (name === 'field') {
    const column = model.columnNamed(typeName, value);
    return columnTerm(column, { descending: term.direction === 'DESC', first: term.nulls === 'FIRST' });
  }
  if ((term.direction ?? null) !== null || (term.nulls ?? null) !== null) {
    throw new Refusal('a term of an order has a direction beside a relation');
  }
  if (depth >= MOST_RELATIONS) throw new Refusal('an order goes through too many relations');
  const relation = model.types[typeName].relations[name];
  const inner = termOf(model, relation.target, value, depth + 1);
  const related = (record) => (record === null ? null : model.one(record, relation));
  return { ...inner, label: `${name}.${inner.label}`, related: true, nullable: inner.nullable || relation.nullable, value: (record) => inner.value(related(record)) };
}

/** Which of two lists of order values stands first. */
export function inOrder(terms, left, right) {
  for (const [place, term] of terms.entries()) {
    const [one, other] = [left[place], right[place]];
    if (one === null && other === null) continue;
    if (one === null) return term.first ? -1 : 1;
    if (other === null) return term.first ? 1 : -1;
    const sign = compare(one, other);
    if (sign !== 0) return term.descending ? -sign : sign;
  }
  return 0;
}

/** What cursors are of: what stands in the list, and its order. */
function digestOf(terms) {
  const nulls = ({ nullable, first }) => (nullable ? (first ? ' FIRST' : ' LAST') : '');
  const lines = terms.map((term) => `${term.label} ${term.descending ? 'DESC' : 'ASC'}${nulls(term)}`);
  return createHash('sha256').update([terms.list, ...lines].join('\n')).digest('hex').slice(0, 16);
}

export function cursorText(terms, values) {
  const texts = values.map((value, place) => canonical(terms[place].kind, value));
  return Buffer.from(JSON.stringify([digestOf(terms), ...texts])).toString('hex');
}

/** The order values that a cursor holds, or a refusal. */
export function cursorValues(terms, text) {
  const refuse = () => { throw new Refusal(`\`${text}\` is no cursor of this order`); };
  if (!/^([0-9a-f]{2})*$/i.test(text)) refuse();
  let texts;
  try {
    texts = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'hex')));
  } catch {
    refuse();
  }
  if (!Array.isArray(texts) || texts.length !== terms.length + 1 || texts[0] !== digestOf(terms)) refuse();
  return texts.slice(1).map((value, place) => {
    const { kind, nullable } = terms[place];
    if (value === null) return nullable ? null : refuse();
    if (typeof value !== 'string') return refuse();
    if (kind === 'Id') return /^[0-9a-f]{32}$/.test(value) ? value : refuse();
    if (kind === 'Bool') return value === 'true' ? 1n : value === 'false' ? 0n : refuse();
    return given(kind, value);
  });
}

function sizeOf(value) {
  if (value === null || value === undefined) return null;
  if (value < 0 || value > LARGEST_PAGE) throw new Refusal('a page is too small or too large');
  return value;
}

/** How to take a page of records that `terms` order and whose order values `valuesOf` gives. */
export function pagerOf(terms, args, valuesOf, relay) {
  const [first, last] = [sizeOf(args.first), sizeOf(args.last)];
  if (first !== null && last !== null) throw new Refusal('both `first` and `last` are given');
  const size = first ?? (last === null ? PAGE : null);
  const bound = (text) => (text === null || text === undefined ? null : cursorValues(terms, text));
  const [after, before] = [bound(args.after), bound(args.before)];
  return (records) => {
    const placed = records.map((record) => ({ record, values: valuesOf(record) }));
    placed.sort((left, right) => inOrder(terms, left.values, right.values));
    const beyond = (item) => before !== null && inOrder(terms, item.values, before) >= 0;
    const upTo = (item) => after !== null && inOrder(terms, item.values, after) <= 0;
    const range = placed.filter((item) => !upTo(item) && !beyond(item));
    const page = size !== null ? range.slice(0, size) : range.slice(range.length - Math.min(last, range.length));
    const more = range.length > page.length;
    const hasNextPage = (size !== null && more) || placed.some(beyond);
    const hasPreviousPage = relay ? (size === null && more) || placed.some(upTo) : after !== null;
    const edges = page.map((item) => ({ node: item.record, cursor: cursorText(terms, item.values) }));
    return { nodes: page.map((item) => item.record), edges, totalCount: records.length, hasNextPage, hasPreviousPage };
  };
}

/** A list of a type as its arguments ask: a function from all records to a page. */
export function listOf(model, typeName, args) {
  const test = (args.filter ?? null) === null ? () => true : filterOf(model, typeName, args.filter);
  const terms = termsOf(model, typeName, args.orderBy ?? null);
  const values = (record) => terms.map((term) => term.value(record));
  const pager = pagerOf(terms, args, values, model.relay);
  return (records) => pager(records.filter((record) => test(record) === true));
}
