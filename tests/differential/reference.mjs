// The reference: graphql-js over the rows in memory. It serves what the SDL has and nothing else.

import {
  buildSchema, execute, getArgumentValues, getNamedType, getVariableValues, isAbstractType, isCompositeType,
  isObjectType, Kind, parse, validate,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { aggregated, aggregateOf, furtherOf, grouped, groupField, groupKeys, groupsOf, keyField, measureField } from './aggregate.mjs';
import { listOf } from './list.mjs';
import { canonical, comparable, given, Model, Refusal } from './model.mjs';

/** The types that are searched, in the order of what is found, and the fields by which: the first that the schema has. */
const SEARCHED = [
  ['User', ['name', 'login', 'email']],
  ['Territory', ['name']],
  ['Team', ['name']],
  ['Topic', ['name']],
  ['Campaign', ['name']],
  ['Product', ['name']],
  ['CreditGroup', ['name']],
  ['Customer', ['name']],
  ['Contact', ['name', 'email']],
  ['ContactPoint', ['value']],
  ['Opportunity', ['name']],
  ['Order', ['number']],
  ['Invoice', ['number']],
  ['CreditNote', ['number']],
  ['Quote', ['number']],
  ['Offer', ['name', 'code']],
  ['Interaction', ['subject']],
  ['Case', ['number', 'subject']],
  ['Task', ['subject']],
];

const MOST_NODES = 100;
const MOST_FOUND = 20;

/** A literal of a custom scalar keeps its own text, so that no decimal passes through a float. */
function scalarLiteral(node) {
  switch (node.kind) {
    case Kind.INT: case Kind.FLOAT: case Kind.STRING: case Kind.ENUM: return node.value;
    case Kind.BOOLEAN: return node.value;
    default: return { not: 'single' };
  }
}

/** A number in JSON with a fraction has been a float already. */
const scalarValue = (value) => (typeof value === 'number' && !Number.isInteger(value) ? { not: 'exact' } : value);

const columnText = ({ kind, column }, record) => {
  const value = record.columns[column];
  if (value === null || kind === 'Json' || kind === 'Id') return value;
  if (kind === 'Int' || kind === 'Bool') return value;
  return canonical(kind, comparable(kind, value));
};

/** An answer source that is no record. */
const part = (kind, of) => ({ ...of, part: kind });

/** Whether an operation, a fragment or a variable has a description. */
const isDescribed = ({ definitions }) =>
  definitions.some((one) => one.description || one.variableDefinitions?.some(({ description }) => description));

export class Reference {
  constructor(sdl, rows) {
    this.schema = buildSchema(sdl);
    for (const name of ['Decimal', 'Date', 'DateTime']) {
      const parseValue = (value) => {
        // A variable is looked at before anything runs, wherever it is used.
        given(name, scalarValue(value));
        return scalarValue(value);
      };
      Object.assign(this.schema.getType(name), { parseLiteral: scalarLiteral, parseValue });
    }
    this.model = new Model(this.schema, rows);
  }

  /** What the operation's answer has to be: `{ data, errors }`, or `{ refused }` with the stage and the reason. */
  answer({ query, variables, operationName }) {
    let document;
    try {
      document = parse(query);
    } catch (error) {
      return { refused: 'parse', message: error.message };
    }
    // The reference is of a later edition here: since September 2025 what is executed may be described.
    if (isDescribed(document)) return { refused: 'parse', message: 'a description' };;
    let broken;
    try {
      broken = validate(this.schema, document);
    } catch (error) {
      // Its rule on subscriptions collects fields and needs variables that validation does not have.
      broken = [error];
    }
    if (broken.length > 0) return { refused: 'validation', message: broken.map((error) => error.message).join(' | ') };
    const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const rootless = operations.find((one) => !this.schema.getRootType(one.operation));
    if (rootless) return { refused: 'operation', message: `there is no ${rootless.operation}` };
    // Subscriptions are followed, not answered.
    const followed = operations.find((one) => one.operation === 'subscription');
    if (followed && operations.length === 1) return { refused: 'operation', message: 'a subscription is followed' };
    const operation = operationName === undefined || operationName === null
      ? operations.length === 1 && operations[0]
      : operations.find((one) => one.name?.value === operationName);
    if (!operation) return { refused: 'operation', message: 'which operation is not said' };
    const root = this.schema.getRootType(operation.operation);
    if (!root) return { refused: 'operation', message: `there is no ${operation.operation}` };
    if (typeof (variables ?? {}) !== 'object' || Array.isArray(variables)) return { refused: 'variables', message: 'they are no object' };
    const coerced = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables ?? {});
    if (coerced.errors) return { refused: 'variables', message: coerced.errors.map((error) => error.message).join(' | ') };
    try {
      this.precheck(document, operation, root, coerced.coerced);
    } catch (error) {
      if (error instanceof Refusal || error.name === 'GraphQLError') return { refused: 'arguments', message: error.message };
      throw error;
    }
    const result = execute({
      schema: this.schema,
      document,
      rootValue: part('root'),
      variableValues: variables ?? {},
      operationName,
      fieldResolver: (source, args, _, info) => this.resolve(source, args, info),
      typeResolver: (source) => source.type,
    });
    const errors = (result.errors ?? []).map((error) => ({ path: error.path, code: error.extensions.code, message: error.message }));
    const unexpected = errors.find((error) => !error.code);
    if (unexpected) throw new Error(`the reference failed: ${unexpected.message}`);
    return { data: result.data, errors };
  }

  /**
   * Reads every argument that the operation's form reaches, also below lists that are empty: we refuse the whole request
   * where GraphQL by itself would let a field fail, if it is reached.
   */
  precheck(document, operation, root, variables) {
    const fragments = Object.fromEntries(
      document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]),
    );
    const fields = collectFields(this.schema, fragments, variables, root, operation.selectionSet);
    this.precheckFields({ fragments, variables }, root, fields);
  }

  /** `by` are the keys of the groups that are selected from: what is no key leads nowhere, whatever it is asked with. */
  precheckFields(context, type, collected, by = []) {
    for (const nodes of collected.values()) {
      const field = type.getFields()[nodes[0].name.value];
      if (!field) {
        // `__typename`, `__schema` and `__type`; what they are asked with still has to be well formed.
        this.precheckIntrospection(context, nodes);
        continue;
      }
      const args = getArgumentValues(field, nodes[0], context.variables);
      const named = getNamedType(field.type);
      this.prepare(type, field, args);
      if (!isCompositeType(named)) continue;
      const further = type.name.endsWith('GroupKey') && !by.includes(field.name) ? furtherOf(by, '', field.name) : undefined;
      if (further === null) continue;
      const below = further && by.filter((key) => key.startsWith(further)).map((key) => key.slice(further.length));
      const keys = groupKeys(this.model, field, args) ?? below ?? by;
      for (const target of this.reached(type, field, args, named)) {
        this.precheckFields(context, target, collectSubfields(this.schema, context.fragments, context.variables, target, nodes), keys);
      }
    }
  }

  precheckIntrospection(context, nodes) {
    const name = nodes[0].name.value;
    if (name === '__typename') return;
    const [schemaType, typeType] = [this.schema.getType('__Schema'), this.schema.getType('__Type')];
    const below = collectSubfields(this.schema, context.fragments, context.variables, name === '__schema' ? schemaType : typeType, nodes);
    this.precheckFields(context, name === '__schema' ? schemaType : typeType, below);
  }

  /** The object types that the operation may meet at a field. */
  reached(type, field, args, named) {
    if (isObjectType(named)) return [named];
    const possible = this.schema.getPossibleTypes(named);
    const ids = field.name === 'node' ? [args.id] : field.name === 'nodes' && Array.isArray(args.ids) ? args.ids : null;
    if (ids === null) return possible;
    const types = ids.map((id) => this.model.parsedId(id).type);
    return possible.filter((one) => types.includes(one.name));
  }

  /** Reads a field's arguments and gives what resolves it, or refuses. */
  prepare(type, field, args) {
    const { model } = this;
    const named = getNamedType(field.type);
    const listed = model.listed(named);
    if (listed) return { page: listOf(model, listed, args) };
    const [ofAggregate, ofGroups] = [aggregated(model, field), grouped(model, field)];
    if (ofAggregate) return { of: ofAggregate, aggregate: aggregateOf(model, ofAggregate, args) };
    if (ofGroups) return { of: ofGroups, groups: groupsOf(model, ofGroups, args) };
    if (type !== this.schema.getQueryType()) return {};
    if (field.name === 'node') return { ids: [model.parsedId(args.id).text] };
    if (field.name === 'nodes') {
      if (args.ids.length > MOST_NODES) throw new Refusal('too many ids');
      return { ids: args.ids.map((id) => model.parsedId(id).text) };
    }
    if (field.name === 'search') {
      given('Text', args.text);
      const first = args.first ?? 5;
      if (first < 0 || first > MOST_FOUND) throw new Refusal('a search finds too many or too few');
      return { first };
    }
    return model.types[named.name] ? { ids: [model.idOf(args.id, named.name)] } : {};
  }

  resolve(source, args, { parentType, fieldName }) {
    const { model } = this;
    const field = parentType.getFields()[fieldName];
    if (source.part === 'root') return this.resolveRoot(parentType, field, args);
    if (source.part === 'money') return source[fieldName];
    if (source.part === 'page') return fieldName === 'pageInfo' ? part('pageInfo', source) : source[fieldName];
    if (source.part === 'pageInfo') {
      const cursor = { startCursor: source.edges[0]?.cursor ?? null, endCursor: source.edges.at(-1)?.cursor ?? null };
      return fieldName in cursor ? cursor[fieldName] : source[fieldName];
    }
    if (source.part === 'group') return groupField(source, fieldName);
    if (source.part === 'measures') return measureField(source, fieldName);
    if (source.part === 'key') return keyField(source, fieldName);
    if (source.part) return source[fieldName];
    if (!source.columns) return source[fieldName];
    const { columns, relations } = model.types[source.type];
    if (columns[fieldName]) return this.resolveColumn(columns[fieldName], source);
    const relation = relations[fieldName];
    if (relation && !relation.many) return model.one(source, relation);
    const prepared = this.prepare(parentType, field, args);
    const ofRelation = (name) => model.many(source, relations[name]);
    if (relation) return part('page', prepared.page(ofRelation(fieldName)));
    if (prepared.aggregate) return prepared.aggregate(ofRelation(fieldName.replace(/Aggregate$/, '')));
    if (prepared.groups) return part('page', prepared.groups(ofRelation(fieldName.replace(/Groups$/, ''))));
    // What is left are decisions, and here no strategy is active.
    throw Object.assign(new Error('no strategy is active'), { extensions: { code: 'NO_ACTIVE_STRATEGY' } });
  }

  resolveColumn(column, record) {
    const text = columnText(column, record);
    if (column.kind !== 'Money' || text === null) return text;
    return part('money', { amount: text, currency: record.columns.currency });
  }

  resolveRoot(type, field, args) {
    const { model } = this;
    const prepared = this.prepare(type, field, args);
    const named = getNamedType(field.type);
    const all = (name) => model.rows[name];
    if (prepared.page) return part('page', prepared.page(all(model.listed(named))));
    if (prepared.aggregate) return prepared.aggregate(all(prepared.of));
    if (prepared.groups) return part('page', prepared.groups(all(prepared.of)));
    if (field.name === 'search') return this.search(named, args.text, prepared.first);
    const found = (prepared.ids ?? []).map((id) => model.byId[id] ?? null);
    return field.name === 'nodes' ? found : found[0];
  }

  search(union, text, first) {
    const folded = (given) => given.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const readable = SEARCHED.filter(([name]) => isAbstractType(union) && this.schema.getPossibleTypes(union).some((one) => one.name === name));
    if (text === '') return [];
    return readable.flatMap(([name, fields]) => {
      const { column } = fields.map((field) => this.model.types[name].columns[field]).find((known) => known !== undefined);
      const order = { orderBy: [{ field: column.toUpperCase() }], first };
      const begins = this.model.rows[name].filter((record) => folded(record.columns[column] ?? '').startsWith(folded(text)));
      return listOf(this.model, name, order)(begins).nodes;
    });
  }
}
