// Posts operations to one or two servers and compares their answers with the reference's.
//
//   node main.mjs --rows rows.json --server http://127.0.0.1:4000,<reader>,<department>,<admin> [--server ...]
//                 [--seed 7] [--count 2400] [--only 123] [--role admin] [--corpus subject]
//
// A count of 0 goes on until it is interrupted. `--only` runs the one generated operation of that number.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { difference, isBounded } from './compare.mjs';
import { corpus, filled } from './corpus.mjs';
import { Generator } from './generate.mjs';
import { minimised } from './minimise.mjs';
import { Reference } from './reference.mjs';

const ROLES = ['reader', 'department', 'admin'];
const AT_ONCE = 4;
const SHOWN = 12;

const { values: given } = parseArgs({
  options: {
    server: { type: 'string', multiple: true }, rows: { type: 'string' }, seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '2400' }, only: { type: 'string' }, role: { type: 'string' }, corpus: { type: 'string' },
  },
});
const rows = JSON.parse(readFileSync(given.rows, 'utf8'));
const servers = given.server.map((text) => {
  const [url, ...tokens] = text.split(',');
  return { url, tokens: Object.fromEntries(ROLES.map((role, place) => [role, tokens[place]])) };
});

async function schemaFor(role) {
  const texts = await Promise.all(servers.map(async ({ url, tokens }) => {
    const response = await fetch(`${url}/schema.graphql`, { headers: { authorization: `Bearer ${tokens[role]}` } });
    if (!response.ok) throw new Error(`${url}/schema.graphql: ${response.status} ${await response.text()}`);
    return response.text();
  }));
  if (texts.some((text) => text !== texts[0])) throw new Error('the servers serve different schemas');
  return texts[0];
}

/** The body as it goes over the wire: variables are JSON text already, so that `1.0` stays `1.0`. */
function bodyOf({ query, variables, operationName }) {
  const members = [`"query":${JSON.stringify(query)}`];
  if (variables !== undefined) members.push(`"variables":${variables}`);
  if (operationName !== undefined) members.push(`"operationName":${JSON.stringify(operationName)}`);
  return `{${members.join(',')}}`;
}

async function answers(role, request) {
  const body = bodyOf(request);
  return Promise.all(servers.map(async ({ url, tokens }) => {
    const headers = { authorization: `Bearer ${tokens[role]}`, 'content-type': 'application/json', accept: 'application/json' };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    return response.text();
  }));
}

/** How the answers to a request differ, or null. */
async function check(reference, role, request) {
  const texts = await answers(role, request);
  let ours;
  try {
    ours = JSON.parse(texts[0]);
  } catch {
    return { what: 'no JSON', texts };
  }
  const variables = request.variables === undefined ? undefined : JSON.parse(request.variables);
  const expected = reference.answer({ ...request, variables });
  // What is generated may be larger than we take; what is written by hand is not.
  const beyond = request.name.startsWith('generated') && 'data' in expected && isBounded(ours);
  const what = texts.some((text) => text !== texts[0]) ? 'the databases differ' : beyond ? null : difference(ours, expected);
  return { what, texts, expected, beyond };
}

const totals = { corpus: 0, valid: 0, invalid: 0, accepted: 0, beyond: 0, differences: 0 };
/** The share of what is generated that may be beyond our limits: more would prove too little. */
const MOST_BEYOND = 0.01;
const kinds = new Map();

/** Which difference it is, so that each is told once. */
function kindOf({ what, texts, expected }) {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(texts[0])?.[1] ?? expected?.message ?? '';
  const general = message.replaceAll(/`[^`]*`|"[^"]*"|\\"[^"]*"|\d+|(?<=(variable|Variable) )\S+/g, '*').slice(0, 100);
  return `${what.replace(/^at .*/, 'other data')}: ${general}`;
}

async function run(reference, role, request) {
  const checked = await check(reference, role, request);
  if (checked.expected && 'data' in checked.expected) totals.accepted++;
  if (checked.beyond) totals.beyond++;
  if (checked.what === null) return;
  totals.differences++;
  const kind = kindOf(checked);
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  if (kinds.get(kind) > 1 || kinds.size > SHOWN) return;
  const again = (query) => check(reference, role, { ...request, query });
  const query = await minimised(request.query, async (smaller) => {
    const { what, ...rest } = await again(smaller);
    return what !== null && kindOf({ what, ...rest }) === kind;
  });
  const smallest = await again(query);
  const short = (text) => (text.length > 700 ? `${text.slice(0, 700)}... (${text.length} characters)` : text);
  const lines = [
    `--- ${smallest.what}: ${request.name}, role ${role}, seed ${given.seed}`,
    query,
    `variables: ${short(usedVariables(query, request.variables))}, operation: ${request.operationName ?? 'none'}`,
    ...new Set(smallest.texts.map((text) => `ours:      ${short(text)}`)),
    `reference: ${short(JSON.stringify(smallest.expected) ?? 'none')}`,
  ];
  console.log(lines.join('\n'));
}

/** The variables without those that the document does not name. */
function usedVariables(query, text) {
  // A whole number with a fraction of zero would lose it.
  if (text === undefined || !text.startsWith('{') || /\d\.0/.test(text)) return text ?? 'none';
  const all = Object.entries(JSON.parse(text));
  return JSON.stringify(Object.fromEntries(all.filter(([name]) => new RegExp(`\\$${name}\\b`).test(query))));
}

/** Works on requests, a few at a time. */
async function runAll(reference, role, requests) {
  const iterator = requests[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !stopping; next = iterator.next()) {
      if (next.value.kind) totals[next.value.kind]++;
      await run(reference, role, next.value);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function* generated(reference, seed, from, to) {
  const generator = new Generator(reference);
  for (let number = from; number < to; number++) yield generator.operation(seed, number);
}

function tell() {
  const { corpus: written, valid, invalid, accepted, beyond, differences } = totals;
  console.log(`differential: seed ${given.seed}; corpus ${written}, generated valid ${valid}, generated invalid ${invalid}; accepted by the reference ${accepted}; beyond our limits ${beyond}; differences ${differences}`);
  for (const [kind, count] of kinds) console.log(`  ${count} x ${kind}`);
}

let stopping = false;
process.on('SIGINT', () => { stopping = true; });
process.on('uncaughtException', (error) => {
  // The interrupt ends the servers, too.
  if (!stopping) console.error(error);
  tell();
  process.exit(stopping && totals.differences === 0 ? 0 : 1);
});

const seed = Number(given.seed);
const references = new Map();
for (const role of ROLES.filter((one) => !given.role || one === given.role)) references.set(role, new Reference(await schemaFor(role), rows));

if (given.only !== undefined) {
  const only = Number(given.only);
  for (const [role, reference] of references) {
    const request = new Generator(reference).operation(seed, only);
    console.log(request.query, request.variables, request.operationName);
    await runAll(reference, role, [request]);
  }
} else {
  const written = corpus().filter((one) => !given.corpus || one.name.startsWith(given.corpus));
  for (const [role, reference] of references) {
    await runAll(reference, role, written.map((one) => ({ ...filled(reference.model, one), kind: 'corpus' })));
  }
  const count = given.corpus ? -1 : Number(given.count);
  const share = count > 0 ? Math.ceil(count / references.size) : 500;
  for (let from = 0; (count > 0 ? from === 0 : count === 0) && !stopping; from += share) {
    for (const [role, reference] of references) await runAll(reference, role, generated(reference, seed, from, from + share));
    if (count === 0) tell();
  }
}
tell();
const tooMany = totals.beyond > Math.max(1, MOST_BEYOND * totals.valid);
if (tooMany) console.error('too much of what is generated is beyond our limits');
process.exitCode = totals.differences > 0 || tooMany ? 1 : 0;
