// What the schema says of the data, read from the SDL alone: types of records, their columns and how they are related.

import { getNamedType, isEnumType, isObjectType } from 'graphql';
import { textOf, unitsOf } from './decimal.mjs';

/** A request that is refused as a whole, where GraphQL by itself would let a single field fail. */
export class Refusal extends Error {}

const snake = (name) => name.replace(/[A-Z]/g, (letter, at) => (at ? '_' : '') + letter.toLowerCase());

/** Whether records of this type are kept: they have an id. */
export const isRecordType = (type) =>
  isObjectType(type) && type.getInterfaces().some((implemented) => implemented.name === 'Node');

/** The model as a role sees it. */
export class Model {
  constructor(schema, rows) {
    this.schema = schema;
    this.rows = {};
    this.types = {};
    this.byPrefix = {};
    this.byId = {};
    for (const type of Object.values(schema.getTypeMap()).filter(isRecordType)) {
      this.types[type.name] = this.recordType(type);
    }
    // Whether lists can be read from their end; what `hasPreviousPage` means hangs on it.
    this.relay = schema.getQueryType().getFields().customers.args.some((arg) => arg.name === 'last');
    for (const [name, records] of Object.entries(rows)) {
      this.byPrefix[records[0].id.split('_')[0]] = name;
      if (!this.types[name]) continue;
      this.rows[name] = records.map((columns) => ({ type: name, columns }));
      for (const record of this.rows[name]) this.byId[record.columns.id] = record;
    }
  }

  recordType(type) {
    const columns = {};
    const relations = {};
    for (const field of Object.values(type.getFields())) {
      const named = getNamedType(field.type);
      const nullable = !String(field.type).endsWith('!');
      if (isRecordType(named)) relations[field.name] = { name: field.name, target: named.name, many: false, nullable };
      else if (this.listed(named)) relations[field.name] = { name: field.name, target: this.listed(named), many: true };
      else if (field.args.length === 0 && (!isObjectType(named) || named.name === 'Money')) {
        columns[field.name] = { name: field.name, column: snake(field.name), kind: kindOf(named), nullable };
      }
    }
    return { name: type.name, columns, relations };
  }

  /** The record type whose list a connection is. */
  listed(type) {
    if (!isObjectType(type) || !type.name.endsWith('Connection')) return null;
    const nodes = type.getFields().nodes;
    const named = nodes && getNamedType(nodes.type);
    return named && isRecordType(named) ? named.name : null;
  }

  /** The column an order's or group's enum value names: `ORDERED_ON`. */
  columnNamed(typeName, upper) {
    return Object.values(this.types[typeName].columns).find((column) => column.column.toUpperCase() === upper);
  }

  relationNamed(typeName, upper) {
    return Object.values(this.types[typeName].relations).find((relation) => snake(relation.name).toUpperCase() === upper);
  }

  /** The record that a relation to one leads to, or null. */
  one(record, relation) {
    const key = `${snake(relation.name)}_id`;
    if (key in record.columns) return this.byId[record.columns[key]] ?? null;
    return this.pointing(record, relation)[0] ?? null;
  }

  many(record, relation) {
    return this.pointing(record, relation);
  }

  /** The records of the relation's type that name this one: no type has two relations to one of the same type. */
  pointing(record, relation) {
    const towards = Object.values(this.types[relation.target].relations);
    const named = towards.find((other) => !other.many && other.target === record.type);
    const back = `${snake(named.name)}_id`;
    return this.rows[relation.target].filter((other) => other.columns[back] === record.columns.id);
  }

  /** A global id taken apart; anything but its one spelling is refused. */
  parsedId(text) {
    if (!/^[a-z]{1,8}_[0-9a-f]{32}$/.test(text)) throw new Refusal(`\`${text}\` is not an id`);
    return { text, type: this.byPrefix[text.split('_')[0]] };
  }

  /** The id of a record of `typeName`. */
  idOf(text, typeName) {
    const id = this.parsedId(text);
    if (id.type !== typeName) throw new Refusal(`\`${text}\` is not the id of a ${typeName}`);
    return id.text;
  }
}

function kindOf(type) {
  if (isEnumType(type)) return 'Enum';
  return { ID: 'Id', String: 'Text', Int: 'Int', Boolean: 'Bool', Decimal: 'Decimal', Money: 'Money', Date: 'Date', DateTime: 'DateTime', JSON: 'Json' }[type.name];
}

/** What a column's value is compared as: texts by code points, numbers exactly. */
export function comparable(kind, value) {
  if (value === null) return null;
  if (kind === 'Decimal' || kind === 'Money') return unitsOf(value);
  if (kind === 'Int') return BigInt(value);
  if (kind === 'Bool') return value ? 1n : 0n;
  return value;
}

/** A comparable as canonical text, as cursors and answers have it. */
export function canonical(kind, value) {
  if (value === null) return null;
  if (kind === 'Decimal') return textOf(value);
  if (kind === 'Money') return textOf(value, { least: 2 });
  if (kind === 'Int') return value.toString();
  if (kind === 'Bool') return value === 1n ? 'true' : 'false';
  return value;
}

export function compare(left, right) {
  if (typeof left === 'bigint') return left < right ? -1 : left > right ? 1 : 0;
  // UTF-16 would put what lies beyond U+FFFF before U+E000.
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

function isDay(text) {
  const parts = DATE.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/** The time in UTC to the millisecond, or null. */
function instant(text) {
  const parts = TIME.exec(text);
  if (!parts || !isDay(parts[1])) return null;
  const [, day, hour, minute, second, fraction = '', zone] = parts;
  if (+hour > 23 || +minute > 59 || +second > 59) return null;
  const at = new Date(0);
  const [year, month, date] = day.split('-').map(Number);
  at.setUTCFullYear(year, month - 1, date);
  at.setUTCHours(+hour, +minute, +second, +fraction.padEnd(3, '0').slice(0, 3));
  if (zone !== 'Z') {
    const [hours, minutes] = zone.slice(1).split(':').map(Number);
    if (hours > 23 || minutes > 59) return null;
    at.setTime(at.getTime() - (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000);
  }
  if (at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999) return null;
  return at.toISOString();
}

/** A value given by a request as a comparable of a column's kind, or a refusal. */
export function given(kind, value, { enumType } = {}) {
  const refuse = () => { throw new Refusal(`\`${JSON.stringify(value)}\` is no ${kind}`); };
  if (value === null || typeof value === 'object') refuse();
  if (kind === 'Bool') return value ? 1n : 0n;
  if (kind === 'Int') return /^-?\d+$/.test(value) ? BigInt(value) : refuse();
  const text = String(value);
  if (kind === 'Text') return text.includes('\0') ? refuse() : text;
  if (kind === 'Enum') return !enumType || enumType.getValue(text) ? text : refuse();
  if (kind === 'Decimal' || kind === 'Money') return unitsOf(text) ?? refuse();
  if (kind === 'Date') return isDay(text) ? text : refuse();
  if (kind === 'DateTime') return instant(text) ?? refuse();
  return refuse();
}
