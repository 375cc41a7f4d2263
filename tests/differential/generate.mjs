// Operations made from a schema: valid ones, and valid ones with something broken.

import { getNamedType, isAbstractType, isLeafType, isObjectType } from 'graphql';
import { Arguments } from './arguments.mjs';
import { broken } from './break.mjs';
import { Dice } from './dice.mjs';
import { isRecordType } from './model.mjs';
import { list, nothing, text, truth, whole, Writer } from './values.mjs';

/** Records an operation may read at most, well below the server's limit. */
const RECORDS = 6_000;
const FIELDS = 220;
const DEEPEST = 6;

export class Generator {
  constructor(reference) {
    this.reference = reference;
    this.schema = reference.schema;
    this.model = reference.model;
  }

  /** The generated operation of a number: two thirds of them valid. */
  operation(seed, number) {
    const role = Object.keys(this.model.types).length;
    this.dice = new Dice(BigInt(seed) * 1_000_003n + BigInt(number) * 31n + BigInt(role));
    this.make = new Arguments(this.reference, this.dice);
    const made = this.document();
    const label = `generated ${number}`;
    if (number % 3 !== 2) return { ...made, name: label, kind: 'valid' };
    return { ...broken(made, this.dice, this), name: `${label}, broken`, kind: 'invalid' };
  }

  document() {
    const { dice } = this;
    this.writer = new Writer(dice);
    this.fragments = [];
    this.aliases = 0;
    this.fields = 0;
    this.known = {};
    const count = dice.chance(0.85) ? 1 : 2 + dice.below(2);
    const operations = [];
    for (let place = 0; place < count; place++) {
      this.records = 0;
      const body = this.selection(this.schema.getQueryType(), { times: 1, depth: 0 });
      operations.push({ name: count > 1 || dice.chance(0.4) ? `Op${place}` : null, body });
    }
    const parts = operations.map(({ name, body }) => {
      const variables = this.writer.definitions(this.variablesIn(body));
      const head = name || variables || dice.chance(0.3) ? `query ${name ?? ''}${variables} ` : '';
      return head + body;
    });
    parts.push(...this.fragments.map(({ name, on, body }) => `fragment ${name} on ${on} ${body}`));
    if (dice.chance(0.2)) parts.reverse();
    const variables = this.writer.json();
    const chosen = dice.of(operations).name;
    return {
      query: parts.join(dice.of(['\n', '\n\n', ' ', ',\n# next\n'])),
      variables: variables === '{}' && dice.chance(0.5) ? dice.of([undefined, 'null']) : variables,
      operationName: chosen !== null && (count > 1 || dice.chance(0.5)) ? chosen : undefined,
    };
  }

  /** The variables that a text uses, also through fragments. */
  variablesIn(body, seen = new Set()) {
    const found = new Set([...body.matchAll(/\$(v\d+)\b(?=[^"]*(?:"[^"]*"[^"]*)*)/g)].map((match) => match[1]).filter((id) => this.writer.variables.has(id)));
    for (const { name, body: inner } of this.fragments) {
      if (seen.has(name) || !new RegExp(`\\.\\.\\. ?${name}\\b`).test(body)) continue;
      seen.add(name);
      for (const id of this.variablesIn(inner, seen)) found.add(id);
    }
    return [...found];
  }

  /** What is selected of an object, interface or union. `times` is how many of it there may be. */
  selection(type, context) {
    const { dice } = this;
    let items = [];
    if (isAbstractType(type)) items = this.ofAbstract(type, context);
    else if (type === this.schema.getQueryType()) items = this.ofQuery(type, context);
    else items = this.ofObject(type, context);
    if (dice.chance(0.25)) items.push(dice.of(['__typename', '__typename', `t${++this.aliases}: __typename`]));
    if (items.length === 0) items.push('__typename');
    return `{ ${this.wrapped(type, items).join(dice.of([' ', ' ', ', ', '\n']))} }`;
  }

  /** Some of the selections inside fragments. */
  wrapped(type, items) {
    const { dice } = this;
    if (!dice.chance(0.3)) return items;
    const from = dice.below(items.length);
    const inside = items.slice(from, from + 1 + dice.below(3));
    const rest = [...items.slice(0, from), ...items.slice(from + inside.length)];
    const body = `{ ${inside.join(' ')} }`;
    const supers = isObjectType(type) ? type.getInterfaces() : [];
    const onlyId = inside.every((item) => item === 'id' || item === '__typename');
    const on = onlyId && supers.length > 0 && dice.chance(0.7) ? dice.of(supers).name : type.name;
    if (dice.chance(0.5)) return [...rest, `...${dice.of(['', ` on ${on}`])}${this.directives()} ${body}`.replace('...{', '... {')];
    const name = `F${this.fragments.length + 1}`;
    this.fragments.push({ name, on, body });
    const spread = `...${name}${this.directives()}`;
    return dice.chance(0.15) ? [spread, ...rest, spread] : [...rest, spread];
  }

  directives() {
    const { dice } = this;
    if (!dice.chance(0.08)) return '';
    const written = dice.some(['skip', 'include'], 2).map((directive) => {
      const type = this.schema.getDirective(directive).args[0].type;
      return `@${directive}(if: ${this.writer.write(truth(dice.chance(0.5)), type, { variable: 0.5 })})`;
    });
    return ` ${written.join(' ')}`;
  }

  ofQuery(type, context) {
    const { dice } = this;
    const fields = Object.values(type.getFields());
    const items = dice.some(fields, 3).map((field) => this.field(type, field, context)).filter(Boolean);
    if (dice.chance(0.12)) items.push(this.introspection());
    return items;
  }

  ofAbstract(type, context) {
    const { dice } = this;
    const items = [];
    if (type.getFields && dice.chance(0.8)) {
      for (const field of dice.some(Object.values(type.getFields()), 2)) items.push(this.field(type, field, context));
    }
    const possible = this.schema.getPossibleTypes(type);
    for (const one of dice.some(possible, 3)) {
      const inner = this.ofObject(one, { ...context, apart: one.name });
      if (inner.length > 0) items.push(`... on ${one.name}${this.directives()} { ${inner.join(' ')} }`);
    }
    const interfaces = Object.values(this.schema.getTypeMap()).filter((one) => isAbstractType(one) && one.getFields && !one.name.startsWith('__'));
    if (dice.chance(0.2)) items.push(`... on ${dice.of(interfaces).name} { __typename id }`);
    return items.filter(Boolean);
  }

  ofObject(type, context) {
    const { dice } = this;
    const items = [];
    for (const field of dice.some(Object.values(type.getFields()), 6)) items.push(this.field(type, field, context));
    if (!context.apart && dice.chance(0.15)) items.push(this.again(type, context));
    return items.filter(Boolean);
  }

  /** A field, or nothing where the operation would become too large. */
  field(type, field, context) {
    const { dice } = this;
    const named = getNamedType(field.type);
    if (++this.fields > FIELDS) return null;
    if (isLeafType(named) && field.args.length === 0) return this.head(type, field, '', context) + this.directives();
    if (context.depth >= DEEPEST || !this.isGenerated(type, field, named)) return null;
    const { args, size } = this.argumentsOf(field, named, context);
    if (args === null) return null;
    // A record reads itself, a list its page.
    const times = context.times * size;
    if (this.records + times > RECORDS) return null;
    this.records += times;
    const written = Object.entries(args).map(([name, value]) => {
      const declared = field.args.find((one) => one.name === name);
      return `${name}: ${this.writer.write(value, declared.type, { variable: 0.25, hasDefault: declared.defaultValue !== undefined })}`;
    });
    const listed = written.length > 0 ? `(${written.join(', ')})` : '';
    const head = this.head(type, field, listed, context);
    const inner = { times, depth: context.depth + 1 };
    if (!context.apart && !isLeafType(named)) (this.known[type.name] ??= []).push({ head, named, size });
    if (isLeafType(named)) return head + this.directives();
    return `${head}${this.directives()} ${this.selection(named, inner)}`;
  }

  /** Decisions need plugins and strategy, so their fields and what is counted of them are left out; the corpus has a few. */
  isGenerated(type, field, named) {
    if (field.name === 'policyConflicts') return false;
    if (!isObjectType(named) || isRecordType(named) || type === this.schema.getQueryType()) return true;
    return !isRecordType(type) || named.name === 'Money' || /(Connection|Aggregate)$/.test(named.name);
  }

  /** With an alias wherever the same key could mean something else elsewhere. */
  head(type, field, listed, context) {
    const plainKey = listed === '' && !(context.apart && field.name !== 'id');
    const alias = plainKey && !this.dice.chance(0.12) ? '' : `a${++this.aliases}: `;
    return `${alias}${field.name}${listed}`;
  }

  /** A field that was selected before, merged from a second place. */
  again(type, context) {
    const known = this.known[type.name];
    if (!known || context.depth >= DEEPEST) return null;
    const { head, named, size } = this.dice.of(known);
    const times = context.times * size;
    if (this.records + times > RECORDS) return null;
    this.records += times;
    return `${head} ${this.selection(named, { times, depth: context.depth + 1 })}`;
  }

  argumentsOf(field, named, context) {
    const { dice, make } = this;
    const most = Math.floor((RECORDS - this.records) / context.times / 2);
    const listed = this.model.listed(named);
    if (listed) return most < 1 ? { args: null } : make.page(listed, field, most);
    const grouped = /^(\w+)GroupConnection$/.exec(named.name);
    if (grouped) return most < 10 ? { args: null } : make.groups(grouped[1], field, Math.floor(most / 10));
    const aggregated = /^(\w+)Aggregate$/.exec(named.name);
    if (aggregated) return { args: dice.chance(0.6) ? { filter: make.filter(aggregated[1]) } : {}, size: 10 };
    const takes = (name) => field.args.some((one) => one.name === name);
    if (takes('ids')) {
      const ids = Array.from({ length: dice.below(6) }, () => make.anyId());
      return { args: { ids: list(ids) }, size: ids.length * 2 };
    }
    if (takes('id')) return { args: { id: this.model.types[named.name] ? make.id(named.name) : make.anyId() }, size: 1 };
    if (takes('text')) {
      const args = { text: text(this.found()) };
      if (dice.chance(0.6)) args.first = dice.chance(0.05) ? nothing : whole(dice.below(8));
      return { args, size: 40 };
    }
    return { args: {}, size: 1 };
  }

  /** A text that some record begins with. */
  found() {
    const { dice } = this;
    const type = dice.of(['Customer', 'Contact', 'Order', 'Invoice', 'Product']);
    const columns = this.make.record(type).columns;
    const letters = [...(columns.name ?? columns.number)];
    const begin = letters.slice(0, 1 + dice.below(3)).join('');
    return dice.of([begin, begin.toUpperCase(), begin.toLowerCase()]);
  }

  introspection() {
    const { dice } = this;
    const alias = dice.chance(0.5) ? `a${++this.aliases}: ` : '';
    if (!alias && dice.chance(0.4)) return '__schema { queryType { name } mutationType { name } subscriptionType { name } }';
    const known = Object.keys(this.schema.getTypeMap()).filter((name) => !name.startsWith('__'));
    const ofType = 'type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }';
    const parts = dice.some([
      'kind', 'name', 'description', `fields { name description args { name defaultValue ${ofType} } ${ofType} isDeprecated }`,
      'fields(includeDeprecated: true) { name }', 'interfaces { name }', 'possibleTypes { name }', 'enumValues { name description }',
      `inputFields { name defaultValue ${ofType} }`, '__typename', 'ofType { name }',
    ].filter((part, place) => place !== 4 || !alias || true), 4);
    const both = parts.filter((part) => part.startsWith('fields')).length > 1;
    const kept = both ? parts.filter((part) => !part.startsWith('fields(')) : parts;
    return `${alias || `i${++this.aliases}: `}__type(name: "${dice.chance(0.1) ? 'Nobody' : dice.of(known)}") { ${kept.join(' ')} }`;
  }
}
