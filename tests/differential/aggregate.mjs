// Aggregates and groups.

import { getNamedType } from 'graphql';
import { roundedQuotient, SCALE } from './decimal.mjs';
import { filterOf } from './filter.mjs';
import { MOST_TERMS, pagerOf } from './list.mjs';
import { canonical, comparable, compare, Refusal } from './model.mjs';

const MOST_KEYS = 4;
const MOST_RELATIONS = 3;
const SUMMED = ['Int', 'Decimal', 'Money'];
const MEASURED = [...SUMMED, 'Date', 'DateTime'];
const FUNCTIONS = { SUM: 'sum', AVERAGE: 'average', MIN: 'min', MAX: 'max' };

const ending = (name, suffix) => name.endsWith(suffix) && name.slice(0, -suffix.length);

/** The type whose records an aggregate field gathers, if it is one. */
export function aggregated(model, field) {
  const of = ending(getNamedType(field.type).name, 'Aggregate');
  return of && model.types[of] ? of : null;
}

export function grouped(model, field) {
  const of = ending(getNamedType(field.type).name, 'GroupConnection');
  return of && model.types[of] ? of : null;
}

const testOf = (model, of, filter) => ((filter ?? null) === null ? () => true : filterOf(model, of, filter));

/** From all records to the one group of those that the filter takes. */
export function aggregateOf(model, of, args) {
  const test = testOf(model, of, args.filter);
  return (records) => ({ part: 'group', model, of, keys: [], records: records.filter((record) => test(record) === true) });
}

/** A number of a group as a comparable; null over no values. */
function measured(group, functionName, column) {
  const values = group.records.map((record) => comparable(column.kind, record.columns[column.column])).filter((value) => value !== null);
  if (values.length === 0) return null;
  if (functionName === 'min' || functionName === 'max') {
    const sign = functionName === 'min' ? -1 : 1;
    return values.reduce((best, value) => (Math.sign(compare(value, best)) === sign ? value : best));
  }
  const total = values.reduce((sum, value) => sum + value, 0n);
  // Whole numbers have no places of their own.
  const units = column.kind === 'Int' ? total * 10n ** BigInt(SCALE) : total;
  return functionName === 'sum' ? units : roundedQuotient(units, BigInt(values.length));
}

/** What kind of value a measure is: the sum of whole numbers is a decimal. */
const measuredKind = (functionName, kind) => (kind === 'Int' && (functionName === 'sum' || functionName === 'average') ? 'Decimal' : kind);

/** A field of an aggregate or a group. */
export function groupField(group, name) {
  if (name === 'count') return group.records.length;
  if (name === 'key') return { part: 'key', group };
  return { part: 'measures', group, functionName: name };
}

/** A field of `sum`, `average`, `min` or `max`. */
export function measureField({ group, functionName }, name) {
  const column = group.model.types[group.of].columns[name];
  const kind = measuredKind(functionName, column.kind);
  const currencies = new Set(group.records.map((record) => record.columns.currency));
  const value = measured(group, functionName, column);
  if (value === null) return null;
  if (kind === 'Money' && currencies.size > 1) {
    throw Object.assign(new Error('the records are in several currencies'), { extensions: { code: 'MIXED_CURRENCIES' } });
  }
  if (kind === 'Money') return { part: 'money', amount: canonical(kind, value), currency: [...currencies][0] };
  return kind === 'Int' ? Number(value) : canonical(kind, value);
}

/** A field of a group's key; `prefix` are the relations that lead to the record it is of. */
export function keyField({ group, prefix = '' }, name) {
  const place = group.keys.findIndex((key) => key.name === prefix + name);
  if (place < 0) {
    const further = furtherOf(group.keys.map((key) => key.name), prefix, name);
    return further === null ? null : { part: 'key', group, prefix: further };
  }
  const [key, value] = [group.keys[place], group.values[place]];
  if (value === null) return null;
  if (key.one) return key.one(group.records[0]);
  return key.kind === 'Int' ? Number(value) : key.kind === 'Bool' ? value === 1n : canonical(key.kind, value);
}

/** Where the field of a key that has the key of a related record leads, if some key is there. */
export function furtherOf(names, prefix, field) {
  const relation = ending(field, 'Key');
  const further = `${prefix}${relation}.`;
  return relation && names.some((one) => one.startsWith(further)) ? further : null;
}

function keyOf(model, of, given, depth = 0) {
  const bucket = given.bucket ?? null;
  const named = Object.entries(given).filter(([name, value]) => value !== null && value !== undefined && name !== 'bucket');
  if (named.length !== 1) throw new Refusal('a key names not exactly one thing');
  const [[what, inner]] = named;
  if (what !== 'field') {
    if (bucket !== null) throw new Refusal('a key has a bucket beside a relation');
    if (depth >= MOST_RELATIONS) throw new Refusal('a key goes through too many relations');
    const relation = model.types[of].relations[what];
    const key = keyOf(model, relation.target, inner, depth + 1);
    const related = (read) => (record) => {
      const target = model.one(record, relation);
      return target === null ? null : read(target);
    };
    const led = (text) => `${what}.${text}`;
    return {
      ...key, field: led(key.field), name: led(key.name), label: led(key.label), nullable: true,
      value: related(key.value), one: key.one && related(key.one),
    };
  }
  const field = inner;
  const column = model.columnNamed(of, field);
  const isDate = column && (column.kind === 'Date' || column.kind === 'DateTime');
  if (bucket !== null && !isDate) throw new Refusal('a bucket of what is no date');
  if (column && isDate) {
    const value = (record) => {
      const own = record.columns[column.column];
      return own === null ? null : firstDay(own.slice(0, 10), bucket ?? 'DAY');
    };
    return { field, name: column.name, label: `${field} ${bucket ?? 'DAY'}`, kind: 'Date', nullable: column.nullable, value };
  }
  if (column) {
    return { field, name: column.name, label: field, kind: column.kind, nullable: column.nullable, value: (record) => comparable(column.kind, record.columns[column.column]) };
  }
  const relation = model.relationNamed(of, field);
  const one = (record) => model.one(record, relation);
  const value = (record) => one(record)?.columns.id.split('_')[1] ?? null;
  return { field, name: relation.name, label: field, kind: 'Id', nullable: relation.nullable, one, value };
}

/** The first day of the period a day is in. */
function firstDay(day, bucket) {
  if (bucket === 'DAY') return day;
  if (bucket === 'YEAR') return `${day.slice(0, 4)}-01-01`;
  if (bucket === 'MONTH') return `${day.slice(0, 7)}-01`;
  if (bucket === 'QUARTER') {
    const month = Math.floor((Number(day.slice(5, 7)) - 1) / 3) * 3 + 1;
    return `${day.slice(0, 4)}-${String(month).padStart(2, '0')}-01`;
  }
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  return at.toISOString().slice(0, 10);
}

/** The fields of the key that groups have, if the field gives groups. */
export function groupKeys(model, field, args) {
  const of = grouped(model, field);
  return of && args.by.map((by) => keyOf(model, of, by).name);
}

/** From all records to a page of groups. */
export function groupsOf(model, of, args) {
  const test = testOf(model, of, args.filter);
  if (args.by.length === 0) throw new Refusal('groups by nothing');
  if (args.by.length > MOST_KEYS) throw new Refusal('groups by too much');
  const keys = args.by.map((by) => keyOf(model, of, by));
  if (new Set(keys.map((key) => key.name)).size < keys.length) throw new Refusal('groups by the same twice');
  const given = args.orderBy ?? [];
  if (given.length > MOST_TERMS) throw new Refusal('an order has too many terms');
  const terms = given.map((term) => termOf(model, of, keys, term));
  const descending = terms.at(-1)?.descending ?? false;
  for (const key of keys) if (!terms.some((term) => term.key === key)) terms.push(keyTerm(key, keys, { descending, first: false }));
  terms.list = `${of} by ${keys.map((key) => key.label).join(', ')}`;
  const pager = pagerOf(terms, args, (group) => terms.map((term) => term.value(group)), true);
  return (records) => {
    const groups = new Map();
    for (const record of records.filter((one) => test(one) === true)) {
      const values = keys.map((key) => key.value(record));
      const id = JSON.stringify(values.map((value) => (value === null ? null : String(value))));
      if (!groups.has(id)) groups.set(id, { part: 'group', model, of, keys, values, records: [] });
      groups.get(id).records.push(record);
    }
    return pager([...groups.values()]);
  };
}

function keyTerm(key, keys, direction) {
  return { ...direction, key, label: key.field, kind: key.kind, nullable: key.nullable, value: (group) => group.values[keys.indexOf(key)] };
}

function termOf(model, of, keys, term, through = '') {
  const { relations } = model.types[of];
  const given = Object.entries(term).filter(([, value]) => value !== null && value !== undefined);
  const related = given.find(([name]) => relations[name]);
  if (related) {
    const [[name, inner]] = [related];
    if (given.length > 1) throw new Refusal('something stands beside a relation');
    return termOf(model, relations[name].target, keys, inner, `${through}${name}.`);
  }
  if (through !== '' && (term.measure ?? null) !== null) throw new Refusal('a measure of related records');
  const direction = { descending: term.direction === 'DESC', first: term.nulls === 'FIRST' };
  const [keyName, measure, field] = [term.key ?? null, term.measure ?? null, term.of ?? null];
  if ((keyName === null) === (measure === null)) throw new Refusal('an order of groups names not exactly one thing');
  if (keyName !== null) {
    const key = keys.find((one) => one.field === through + keyName);
    if (!key || field !== null) throw new Refusal('an order by what is no key');
    return keyTerm(key, keys, direction);
  }
  if ((measure === 'COUNT') !== (field === null)) throw new Refusal('a measure without its field, or a count of one');
  if (measure === 'COUNT') return { ...direction, label: 'COUNT', kind: 'Int', nullable: false, value: (group) => BigInt(group.records.length) };
  const column = model.columnNamed(of, field);
  const functionName = FUNCTIONS[measure];
  const allowed = functionName === 'min' || functionName === 'max' ? MEASURED : SUMMED;
  if (!allowed.includes(column.kind)) throw new Refusal('a sum of what cannot be added up');
  const kind = measuredKind(functionName, column.kind);
  return { ...direction, label: `${measure} ${field}`, kind, nullable: column.nullable, value: (group) => measured(group, functionName, column) };
}
