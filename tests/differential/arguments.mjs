// Arguments made from the schema and the data: filters, orders, pages, ids.

import { getNamedType } from 'graphql';
import { groupsOf } from './aggregate.mjs';
import { cursorText, termsOf } from './list.mjs';
import { Refusal } from './model.mjs';
import { exact, list, name, nothing, object, plain, text, truth, whole } from './values.mjs';

const WORDS = ['', 'apple', 'APPLE', 'e', '%', '_', "'", '"', '\\', '\u{1f3db}', '\u{e9}', 'e\u{301}', '\t', '*', 'zz', '\u{ffff}', '0'];
const MOST_DEPTH = 4;

export class Arguments {
  constructor(reference, dice) {
    this.schema = reference.schema;
    this.model = reference.model;
    this.dice = dice;
  }

  record(typeName) {
    return this.dice.of(this.model.rows[typeName]);
  }

  /** A real id, or one of its form that nobody has. */
  id(typeName) {
    const { id } = this.record(typeName).columns;
    return text(this.dice.chance(0.1) ? id.replace(/.{4}$/, '0000') : id);
  }

  anyId() {
    const known = Object.keys(this.model.rows);
    return this.dice.chance(0.05) ? text(`xyz_${'0'.repeat(32)}`) : this.id(this.dice.of(known));
  }

  filter(typeName, depth = 0, lists = 0) {
    const { dice } = this;
    const inputs = this.schema.getType(`${typeName}Filter`).getFields();
    const { columns, relations } = this.model.types[typeName];
    const fields = {};
    for (const key of dice.some(Object.keys(inputs), depth === 0 ? 3 : 2)) {
      if (columns[key]) fields[key] = this.comparisons(typeName, columns[key], inputs[key]);
      else if (depth >= MOST_DEPTH) continue;
      else if (key === 'not') fields[key] = this.filter(typeName, depth + 1, lists);
      else if (key === 'and' || key === 'or') {
        fields[key] = list(Array.from({ length: dice.below(3) }, () => this.filter(typeName, depth + 1, lists)));
      } else if (relations[key]?.many) {
        if (lists >= 2) continue;
        const quantifiers = dice.some(['some', 'every', 'none'], dice.chance(0.1) ? 2 : 1);
        fields[key] = object(Object.fromEntries(
          quantifiers.map((one) => [one, this.filter(relations[key].target, depth + 1, lists + 1)]),
        ));
      } else fields[key] = this.filter(relations[key].target, depth + 1, lists);
    }
    return object(fields);
  }

  comparisons(typeName, column, input) {
    const { dice } = this;
    const operators = Object.keys(getNamedType(input.type).getFields());
    const fields = {};
    for (const operator of dice.some(operators, dice.chance(0.2) ? 3 : 1)) {
      if (operator === 'isNull') fields[operator] = truth(dice.chance(0.5));
      else if (operator === 'in') fields[operator] = list(Array.from({ length: dice.below(4) }, () => this.compared(typeName, column)));
      else if ((operator === 'eq' || operator === 'ne') && dice.chance(0.1)) fields[operator] = nothing;
      else if (dice.chance(0.005)) fields[operator] = nothing;
      else fields[operator] = this.compared(typeName, column, operator);
    }
    return object(fields);
  }

  /** A value to compare with a column: mostly one that some record has. */
  compared(typeName, { column, kind }, operator = 'eq') {
    const { dice } = this;
    const known = this.model.rows[typeName].map((record) => record.columns[column]).filter((value) => value !== null);
    const value = known.length > 0 ? dice.of(known) : null;
    switch (kind) {
      case 'Id': return this.id(typeName);
      case 'Enum': return name(dice.of(this.enumValues(typeName, column)) ?? value);
      case 'Bool': return truth(dice.chance(0.5));
      case 'Int': return whole(dice.chance(0.8) && value !== null ? value : dice.of([0, 1, -1, 2147483647, -2147483648]));
      case 'Decimal': case 'Money': return this.decimal(value ?? '1.5');
      case 'Date': return text(value !== null && dice.chance(0.8) ? value : dice.of(['2024-02-29', '0001-01-01', '9999-12-31']));
      case 'DateTime': return text(this.time(value ?? '2024-02-29T23:59:59.998Z'));
      default: return text(this.words(value ?? dice.of(WORDS), operator));
    }
  }

  enumValues(typeName, column) {
    const field = Object.values(this.model.types[typeName].columns).find((one) => one.column === column);
    return getNamedType(this.schema.getType(typeName).getFields()[field.name].type).getValues().map((value) => value.name);
  }

  decimal(value) {
    const { dice } = this;
    if (dice.chance(0.3)) value = dice.of(['0', '1', '-1', '0.1', '12.5', '100', '0.0001', '922337203685477.5807']);
    const written = dice.chance(0.2) && value.includes('.') ? value.replace(/0+$/, '').replace(/\.$/, '') : value;
    if (dice.chance(0.25) && /^-?(0|[1-9]\d*)$/.test(written) && written.length < 10) return whole(Number(written));
    if (dice.chance(0.3) && /^-?(0|[1-9]\d*)\.\d+$/.test(written)) return exact(written);
    return text(written);
  }

  /** A time, in one of the ways to say it. */
  time(value) {
    const { dice } = this;
    const at = new Date(value);
    if (dice.chance(0.2)) at.setTime(at.getTime() + dice.of([-1, 1, 1000]));
    if (at.getUTCFullYear() < 2 || at.getUTCFullYear() > 9998) return value;
    if (dice.chance(0.3)) {
      const minutes = dice.of([60, 330, 840]);
      const east = new Date(at.getTime() + minutes * 60_000).toISOString();
      const two = (number) => String(number).padStart(2, '0');
      return east.replace('Z', `+${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`);
    }
    return at.toISOString().replace('Z', dice.of(['Z', 'Z', '999Z', '000000Z', '+00:00', '-00:00']));
  }

  words(value, operator) {
    const { dice } = this;
    if (dice.chance(0.15)) return dice.of(WORDS);
    if (['ieq', 'icontains', 'istartsWith', 'iendsWith'].includes(operator)) {
      const either = (letter) => dice.of([letter, letter.toUpperCase(), letter.toLowerCase()]);
      return [...this.words(value, operator[1] === 'e' && operator[2] === 'q' ? 'eq' : operator.slice(1))].map(either).join('');
    }
    if (!['contains', 'startsWith', 'endsWith'].includes(operator)) return value;
    const letters = [...value];
    const [from, to] = [dice.below(letters.length + 1), dice.below(letters.length + 1)];
    if (operator === 'startsWith') return letters.slice(0, to).join('');
    if (operator === 'endsWith') return letters.slice(from).join('');
    return letters.slice(Math.min(from, to), Math.max(from, to)).join('');
  }

  order(typeName) {
    return list(Array.from({ length: this.dice.below(3) + 1 }, () => this.orderTerm(typeName, 0)));
  }

  orderTerm(typeName, depth) {
    const { dice } = this;
    const inputs = this.schema.getType(`${typeName}OrderBy`).getFields();
    const related = Object.keys(inputs).filter((key) => this.model.types[typeName].relations[key]);
    if (related.length > 0 && depth < 3 && dice.chance(0.3)) {
      const key = dice.of(related);
      return object({ [key]: this.orderTerm(this.model.types[typeName].relations[key].target, depth + 1) });
    }
    const fields = { field: name(dice.of(this.schema.getType(`${typeName}OrderField`).getValues()).name) };
    if (dice.chance(0.5)) fields.direction = name(dice.of(['ASC', 'DESC']));
    if (dice.chance(0.4)) fields.nulls = name(dice.of(['FIRST', 'LAST']));
    return object(fields);
  }

  cursor(typeName, order) {
    const terms = termsOf(this.model, typeName, order ? plain(order) : null);
    const record = this.record(typeName);
    return text(cursorText(terms, terms.map((term) => term.value(record))));
  }

  /** The arguments of groups, and how many there may be. */
  groups(typeName, field, most) {
    const { dice } = this;
    const known = new Map();
    for (let count = 1 + dice.below(3); count > 0; count--) {
      const key = this.groupKey(typeName);
      known.set([...key.through, key.key].join('.'), key);
    }
    const keys = [...known.values()];
    const by = list(keys.map((key) => key.by));
    const { args, size } = this.page(typeName, { args: field.args.filter((one) => one.name !== 'orderBy' && one.name !== 'after' && one.name !== 'before') }, most);
    delete args.orderBy;
    delete args.after;
    args.by = by;
    if (dice.chance(0.5)) args.orderBy = list(Array.from({ length: dice.below(3) + 1 }, () => this.groupTerm(typeName, keys)));
    for (const bound of ['after', 'before']) {
      if (dice.chance(0.25)) args[bound] = this.groupCursor(typeName, args);
    }
    return { args, size };
  }

  /** One thing to group by: of the record, or of one that relations lead to. */
  groupKey(typeName, depth = 0) {
    const { dice } = this;
    const { relations } = this.model.types[typeName];
    const related = Object.keys(this.schema.getType(`${typeName}GroupBy`).getFields()).filter((key) => relations[key]);
    if (related.length > 0 && depth < 3 && dice.chance(0.25)) {
      const relation = dice.of(related);
      const { through, key, by } = this.groupKey(relations[relation].target, depth + 1);
      return { through: [relation, ...through], key, by: object({ [relation]: by }) };
    }
    const key = dice.of(this.schema.getType(`${typeName}GroupField`).getValues()).name;
    const isDate = ['Date', 'DateTime'].includes(this.model.columnNamed(typeName, key)?.kind);
    const bucket = isDate && dice.chance(0.7) ? { bucket: name(dice.of(['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'])) } : {};
    return { through: [], key, by: object({ field: name(key), ...bucket }) };
  }

  groupTerm(typeName, keys) {
    const { dice } = this;
    const measures = this.schema.getType(`${typeName}MeasureField`);
    const fields = {};
    let through = [];
    if (dice.chance(0.4) || !measures) {
      const key = dice.of(keys);
      fields.key = name(key.key);
      through = key.through;
    }
    else if (dice.chance(0.3)) fields.measure = name('COUNT');
    else {
      const measure = dice.of(['SUM', 'AVERAGE', 'MIN', 'MAX']);
      const summed = ['Int', 'Decimal', 'Money'];
      const known = measures.getValues().map((value) => value.name);
      const fitting = measure === 'MIN' || measure === 'MAX' || dice.chance(0.03) ? known
        : known.filter((one) => summed.includes(this.model.columnNamed(typeName, one).kind));
      fields.measure = name(measure);
      fields.of = name(dice.of(fitting));
    }
    if (dice.chance(0.5)) fields.direction = name(dice.of(['ASC', 'DESC']));
    if (dice.chance(0.4)) fields.nulls = name(dice.of(['FIRST', 'LAST']));
    return through.reduceRight((inner, relation) => object({ [relation]: inner }), object(fields));
  }

  /** The cursor of some group in the order asked for. */
  groupCursor(typeName, { by, orderBy }) {
    const args = { by: plain(by), orderBy: orderBy ? plain(orderBy) : null, first: 250 };
    try {
      const { edges } = groupsOf(this.model, typeName, args)(this.model.rows[typeName]);
      return text(this.dice.of(edges).cursor);
    } catch (error) {
      if (error instanceof Refusal) return text('5b5d');
      throw error;
    }
  }

  /** The arguments of a list, and how many records it reads at most. */
  page(typeName, field, most) {
    const { dice } = this;
    const takes = (argument) => field.args.some((one) => one.name === argument);
    const args = {};
    let size = 20;
    if (most < 20 || dice.chance(0.7)) {
      size = Math.min(most, dice.of([0, 1, 1, 2, 3, 5, 8, 30, 250]));
      args[takes('last') && dice.chance(0.35) ? 'last' : 'first'] = whole(size);
    }
    if (dice.chance(0.45)) args.filter = this.filter(typeName);
    if (dice.chance(0.5)) args.orderBy = this.order(typeName);
    if (dice.chance(0.3)) args.after = this.cursor(typeName, args.orderBy);
    if (takes('before') && dice.chance(0.25)) args.before = this.cursor(typeName, args.orderBy);
    for (const argument of ['first', 'after', 'filter', 'orderBy', 'last', 'before']) {
      if (!(argument in args) && takes(argument) && argument !== 'first' && dice.chance(0.04)) args[argument] = nothing;
    }
    return { args, size };
  }
}
