// Breaks a valid operation: each way offends one rule of parsing, validation, coercion, or of our arguments.
//
// Whether the result is still valid is the reference's to say; some ways leave it so, at a place nobody looks.

import { Kind, parse, print, visit } from 'graphql';

/** All nodes of the document that `wanted` takes. */
function all(document, wanted) {
  const found = [];
  visit(document, { enter: (node, key, parent, path) => { if (wanted(node, key, parent)) found.push(path.join('.')); } });
  return found;
}

/** The document with the node at a random place of those wanted replaced by `change(node)`; null removes it. */
function at(document, dice, wanted, change) {
  const places = all(document, wanted);
  if (places.length === 0) return null;
  const chosen = dice.of(places);
  return visit(document, { enter: (node, key, parent, path) => (path.join('.') === chosen ? change(node) : undefined) });
}

const is = (...kinds) => (node) => kinds.includes(node.kind);
const isField = is(Kind.FIELD);
const isValue = is(Kind.INT, Kind.FLOAT, Kind.STRING, Kind.BOOLEAN, Kind.ENUM, Kind.LIST, Kind.OBJECT, Kind.NULL);
const composite = (node) => isField(node) && node.selectionSet;
const leaf = (node) => isField(node) && !node.selectionSet;
const word = (value) => ({ kind: Kind.NAME, value });
/** A piece of syntax, from the text of a document that has it. */
const selections = (text) => parse(`{ ${text} }`, { noLocation: true, allowLegacyFragmentVariables: true }).definitions[0].selectionSet.selections;
const valueOf = (text) => selections(`a(b: ${text})`)[0].arguments[0].value;
const directive = (text) => selections(`a ${text}`)[0].directives[0];

const LITERALS = [
  'null', '1', '-1', '1.5', '1.0', '99999999999', '2147483648', '"text"', '""', 'true', 'NAME', 'ASC', '[]', '[1]', '[null]', '[[]]', '{}',
  '{eq: 1}', '{eq: "1"}', '{field: ID}', '{field: null}', '$v1', '[$v1]', '{eq: $v1}', '"2024-02-30"', '"1e3"', '1e3', '"0.00001"', '0.5',
  '251', '250', '"00"', '"5b5d"', '"\\u0000"', '[{}]', '[ASC]', '[{field: NAME}]',
];
const TYPES = ['Int', 'Int!', 'String', 'String!', '[String]', '[String!]', '[String!]!', 'ID', 'ID!', 'Boolean', 'Decimal', 'Date', 'JSON', 'Customer', 'Nothing', 'OrderFilter', '[OrderOrderBy]', 'OrderOrderBy', 'OrderStatus', 'Float', 'Node'];
const JSONS = ['null', '1', '1.0', '1.5', '-1', '1e2', '"x"', '"1"', 'true', '[]', '[1]', '["x"]', '[null]', '{}', '{"eq":"x"}', '{"nothing":1}', '{"field":"ID"}', '{"field":"NOTHING"}', '{"field":null}', '2147483648', '-2147483649', '"ASC"', '{"__proto__":1}', '[[]]', '{"eq":null}', '{"not":null}', '{"and":[null]}', '{"and":{}}'];

/** Ways to break the syntax tree. */
const OF_TREE = {
  'unknown field': (document, dice) => at(document, dice, isField, (node) => ({ ...node, name: word('nothing') })),
  'field of another type': (document, dice) => at(document, dice, isField, (node) => ({ ...node, name: word(dice.of(['name', 'amount', 'nodes', 'edges', 'customer', 'totalCount', 'unitCost', 'margin12m', 'decisions'])) })),
  'unknown argument': (document, dice) => at(document, dice, isField, (node) => ({ ...node, arguments: [...node.arguments, ...selections('a(nothing: 1)')[0].arguments] })),
  'argument left out': (document, dice) => at(document, dice, is(Kind.ARGUMENT), () => null),
  'argument twice': (document, dice) => at(document, dice, (node) => isField(node) && node.arguments.length > 0, (node) => ({ ...node, arguments: [...node.arguments, dice.of(node.arguments)] })),
  'another argument': (document, dice) => at(document, dice, is(Kind.ARGUMENT), (node) => ({ ...node, name: word(dice.of(['first', 'last', 'filter', 'orderBy', 'id', 'ids', 'text', 'after', 'request'])) })),
  'page of a wrong size': (document, dice) => at(document, dice, composite, (node) => ({ ...node, arguments: [...node.arguments.filter((one) => one.name.value !== 'first'), { kind: Kind.ARGUMENT, name: word('first'), value: valueOf(dice.of(['-1', '251', '2147483647', '-2147483648', '2147483648', '0'])) }] })),
  'another literal': (document, dice) => at(document, dice, isValue, () => valueOf(dice.of(LITERALS))),
  'variable for a literal': (document, dice) => at(document, dice, (node, key, parent) => isValue(node) && key === 'value' && parent.kind !== Kind.VARIABLE_DEFINITION, () => valueOf(`$v${1 + dice.below(4)}`)),
  'key twice': (document, dice) => at(document, dice, (node) => node.kind === Kind.OBJECT && node.fields.length > 0, (node) => ({ ...node, fields: [...node.fields, dice.of(node.fields)] })),
  'unknown key': (document, dice) => at(document, dice, is(Kind.OBJECT), (node) => ({ ...node, fields: [...node.fields, ...valueOf('{nothing: 1}').fields] })),
  'null key': (document, dice) => at(document, dice, is(Kind.OBJECT_FIELD), (node) => ({ ...node, value: valueOf('null') })),
  'key left out': (document, dice) => at(document, dice, is(Kind.OBJECT_FIELD), () => null),
  'null in a list': (document, dice) => at(document, dice, is(Kind.LIST), (node) => ({ ...node, values: [...node.values, valueOf('null')] })),
  'list in a list': (document, dice) => at(document, dice, is(Kind.LIST), (node) => ({ ...node, values: [node] })),
  'selection left out': (document, dice) => at(document, dice, composite, (node) => ({ ...node, selectionSet: undefined })),
  'selection of a leaf': (document, dice) => at(document, dice, leaf, (node) => ({ ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: selections('id') } })),
  'unknown fragment': (document, dice) => at(document, dice, is(Kind.FRAGMENT_SPREAD), (node) => ({ ...node, name: word('Nobody') })),
  'fragment left out': (document, dice) => at(document, dice, is(Kind.FRAGMENT_DEFINITION), () => null),
  'spread left out': (document, dice) => at(document, dice, is(Kind.FRAGMENT_SPREAD), () => null),
  'fragment in a circle': (document, dice) => at(document, dice, is(Kind.FRAGMENT_DEFINITION), (node) => ({ ...node, selectionSet: { ...node.selectionSet, selections: [...node.selectionSet.selections, ...selections(`...${node.name.value}`)] } })),
  'fragment twice': (document, dice) => at(document, dice, is(Kind.DOCUMENT), (node) => ({ ...node, definitions: [...node.definitions, dice.of(node.definitions)] })),
  'unused fragment': (document) => ({ ...document, definitions: [...document.definitions, ...parse('fragment Unused on Customer { id }', { noLocation: true }).definitions] }),
  'another type condition': (document, dice) => at(document, dice, (node, key) => node.kind === Kind.NAMED_TYPE && key === 'typeCondition', (node) => ({ ...node, name: word(dice.of(['Customer', 'Order', 'Node', 'Query', 'Nothing', 'Int', 'OrderStatus', 'OrderFilter', 'Money', 'PageInfo', 'Invoice'])) })),
  'inline fragment anywhere': (document, dice) => at(document, dice, is(Kind.SELECTION_SET), (node) => ({ ...node, selections: [...node.selections, ...selections(`... on ${dice.of(['Customer', 'Order', 'Node', 'Query', 'Nothing', 'String', 'Money', 'CustomerConnection'])} { __typename }`)] })),
  'one key for two fields': (document, dice) => at(document, dice, is(Kind.SELECTION_SET), (node) => ({ ...node, selections: [...node.selections, ...selections(dice.of(['id: __typename', 'name: id', 'a1: __typename', 'a2: id', 'totalCount: __typename', 'nodes: edges { cursor }', 'x: id x: createdAt', 'customer { id: name }']))] })),
  'one key for two arguments': (document, dice) => at(document, dice, composite, (node) => node && ({ ...node, arguments: [] })) && at(document, dice, is(Kind.SELECTION_SET), (node) => {
    const known = node.selections.find((one) => composite(one) && one.arguments.length > 0);
    if (!known) return node;
    const other = { ...known, alias: known.alias ?? known.name, arguments: known.arguments.map((argument, place) => (place > 0 ? argument : { ...argument, value: changed(argument.value, dice) })) };
    return { ...node, selections: [...node.selections, other] };
  }),
  'variable twice': (document, dice) => at(document, dice, (node) => node.kind === Kind.OPERATION_DEFINITION && node.variableDefinitions.length > 0, (node) => ({ ...node, variableDefinitions: [...node.variableDefinitions, dice.of(node.variableDefinitions)] })),
  'variable not defined': (document, dice) => at(document, dice, is(Kind.VARIABLE_DEFINITION), () => null),
  'variable not used': (document, dice) => at(document, dice, is(Kind.OPERATION_DEFINITION), (node) => ({ ...node, variableDefinitions: [...node.variableDefinitions, ...parse('query ($unused: Int) { a }', { noLocation: true }).definitions[0].variableDefinitions] })),
  'variable of another type': (document, dice) => at(document, dice, is(Kind.VARIABLE_DEFINITION), (node) => ({ ...node, type: parse(`query ($a: ${dice.of(TYPES)}) { a }`, { noLocation: true }).definitions[0].variableDefinitions[0].type })),
  'variable that may be null': (document, dice) => at(document, dice, is(Kind.NON_NULL_TYPE), (node) => node.type),
  'default of another type': (document, dice) => at(document, dice, is(Kind.VARIABLE_DEFINITION), (node) => ({ ...node, defaultValue: valueOf(dice.of(LITERALS.filter((one) => !one.includes('$')))) })),
  'default left out': (document, dice) => at(document, dice, (node) => node.kind === Kind.VARIABLE_DEFINITION && node.defaultValue, (node) => ({ ...node, defaultValue: undefined })),
  'bad directive': (document, dice) => at(document, dice, is(Kind.FIELD, Kind.INLINE_FRAGMENT, Kind.FRAGMENT_SPREAD, Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION, Kind.VARIABLE_DEFINITION), (node) => ({ ...node, directives: [...(node.directives ?? []), directive(dice.of(['@nothing', '@skip', '@include(if: "true")', '@include(if: null)', '@skip(if: true, if: true)', '@deprecated', '@skip(unless: true)', '@skip(if: $v1)', '@include(if: $none)', '@skip(if: false)', '@specifiedBy(url: "x")', '@include(if: 1)', '@oneOf']))] })),
  'directive twice': (document, dice) => at(document, dice, (node) => node.directives?.length > 0, (node) => ({ ...node, directives: [...node.directives, node.directives[0]] })),
  'another kind of operation': (document, dice) => at(document, dice, is(Kind.OPERATION_DEFINITION), (node) => ({ ...node, operation: dice.of(['mutation', 'subscription']) })),
  'operation twice': (document, dice) => at(document, dice, is(Kind.DOCUMENT), (node) => ({ ...node, definitions: [...node.definitions, ...parse(dice.of(['{ __typename }', 'query Op0 { __typename }', 'mutation { __typename }', 'subscription { __typename }', 'mutation Other { recordDecision { nothing } }']), { noLocation: true }).definitions] })),
  'type among operations': (document, dice) => ({ ...document, definitions: [...document.definitions, ...parse(dice.of(['type A { a: Int }', 'scalar B', 'extend type Query { a: Int }', 'directive @a on FIELD', 'schema { query: Query }']), { noLocation: true }).definitions] }),
};

/** Another value of the same form: the last item or key changed. */
function changed(value, dice) {
  if (value.kind === Kind.LIST) return dice.chance(0.5) || value.values.length === 0 ? { ...value, values: [...value.values, ...value.values] } : { ...value, values: value.values.slice(1) };
  if (value.kind === Kind.OBJECT && value.fields.length > 1 && dice.chance(0.5)) return { ...value, fields: [...value.fields].reverse() };
  if (value.kind === Kind.OBJECT && value.fields.length > 0) return { ...value, fields: value.fields.map((field) => ({ ...field, value: changed(field.value, dice) })) };
  return valueOf(dice.of(['1', '2', 'null', '"x"', '$v1']));
}

const GARBAGE = ['{', '}', '(', ')', '$', '...', '"', '"""', '\\', '&', '|', '=', '!', ':', '@', '#', ',', '\ufeff', '\u00a0', '\u0000', '\u0007', '-', '01', '1.', '.5', '1e', '0x1', '1a', '1_000', '-0', '+1', '"\\x"', '"\\u12"', '"\\uD800"', '"\\u{110000}"', '"\\u{1F3DB}"', '"\\uD83C\\uDFDB"', "'a'", 'on', 'fragment', 'query', 'é', 'null', 'true', '__a', '\r\n', '\t', '"a\nb"', '1.0e', '..', '%', ';', '{ }'];

/** Ways to break the text or what is sent beside it. */
const OF_TEXT = {
  'a letter left out': (made, dice) => { const place = dice.below(made.query.length); return { query: made.query.slice(0, place) + made.query.slice(place + 1) }; },
  'garbage at a gap': (made, dice) => {
    const gaps = [...made.query.matchAll(/[ \n]/g)].map((match) => match.index);
    if (gaps.length === 0) return null;
    const place = dice.of(gaps);
    return { query: `${made.query.slice(0, place)} ${dice.of(GARBAGE)} ${made.query.slice(place)}` };
  },
  'garbage for a value': (made, dice) => {
    const values = [...made.query.matchAll(/: ?(\d+|"[^"\\]*"|true|false|[A-Z_]{3,})(?=[ ,)}\]\n])/g)];
    if (values.length === 0) return null;
    const match = dice.of(values);
    return { query: `${made.query.slice(0, match.index)}: ${dice.of(GARBAGE)}${made.query.slice(match.index + match[0].length)}` };
  },
  'cut off': (made, dice) => ({ query: made.query.slice(0, dice.below(made.query.length)) }),
  'another operation name': (made, dice) => ({ operationName: dice.of(['Nobody', '', undefined, 'Op0', 'Op1', 'op0']) }),
  'variables of another form': (made, dice) => ({ variables: dice.of(['[]', '"x"', '1', 'null', '{}', undefined, '{"unknown":1}']) }),
};

/** One variable's value replaced or left out. */
function otherVariable(made, dice) {
  const known = made.variables?.startsWith('{') ? Object.keys(JSON.parse(made.variables)) : [];
  if (known.length === 0) return null;
  const all = JSON.parse(made.variables);
  const chosen = dice.of(known);
  const members = known.filter((name) => name !== chosen || !dice.chance(0.2)).map((name) => `"${name}":${name === chosen ? otherJson(all[name], dice) : JSON.stringify(all[name])}`);
  return { variables: `{${members.join(',')}}` };
}

function otherJson(value, dice) {
  if (value !== null && typeof value === 'object' && dice.chance(0.7)) {
    const keys = Object.keys(value);
    if (keys.length > 0) {
      const key = dice.of(keys);
      const inside = keys.map((one) => [one, one === key ? otherJson(value[one], dice) : JSON.stringify(value[one])]);
      if (Array.isArray(value)) return `[${inside.map(([, text]) => text).join(',')}]`;
      if (dice.chance(0.15)) inside.push(['nothing', '1']);
      return `{${inside.map(([one, text]) => `${JSON.stringify(one)}:${text}`).join(',')}}`;
    }
  }
  if (dice.chance(0.1)) return `[${JSON.stringify(value)}]`;
  return dice.of(JSONS);
}

/** `made` with one or two things broken. */
export function broken(made, dice) {
  const times = dice.chance(0.8) ? 1 : 2;
  let result = made;
  for (let time = 0; time < times; time++) result = brokenOnce(result, dice);
  return result;
}

function brokenOnce(made, dice) {
  for (;;) {
    const roll = dice.below(10);
    let change = null;
    if (roll < 2) change = otherVariable(made, dice);
    else if (roll < 4) change = dice.of(Object.values(OF_TEXT))(made, dice);
    else {
      let document = null;
      try {
        document = parse(made.query, { noLocation: true });
      } catch {
        return made;
      }
      const tree = dice.of(Object.values(OF_TREE))(document, dice);
      change = tree && { query: print(tree) };
    }
    if (change) return { ...made, ...change };
  }
}
