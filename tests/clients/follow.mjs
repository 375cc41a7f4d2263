// Subscriptions by the libraries that clients use: graphql-ws over a web socket, graphql-sse as server-sent events.

import { setTimeout as pause } from 'node:timers/promises';

import { createClient as socketClient } from 'graphql-ws';
import { createClient as eventsClient } from 'graphql-sse';
import WebSocket from 'ws';

import { equal } from './checks.mjs';

const PATIENCE = 20_000;
const CHANGED = 'subscription { customerChanged(kinds: [CREATED]) { id kind version customer { id name } } }';
const CREATE = `
  mutation($name: String!) {
    createCustomer(input: { values: { name: $name, kind: PERSON, currency: "EUR" }, idempotencyKey: $name }) {
      ... on CustomerWritten { id }
    }
  }
`;

/** What comes of an operation: its first answer that is wanted, or why there is none. */
function first(client, payload, wanted = () => true) {
  const answer = new Promise((resolve, reject) => {
    let end = () => {};
    end = client.subscribe(payload, {
      next: (given) => { if (!wanted(given)) return; resolve(given); queueMicrotask(() => end()); },
      error: (error) => reject(error),
      complete: () => reject(new Error('it was over before anything came')),
    });
  });
  const patience = pause(PATIENCE, undefined, { ref: false }).then(() => { throw new Error('nothing came'); });
  return Promise.race([answer, patience]);
}

/** Follows new customers and makes some until one is told. */
async function followed(client, { url, token }, name) {
  let told;
  // Others may make customers at the same time.
  const own = ({ data }) => !data || data.customerChanged.customer.name.startsWith(name);
  const coming = first(client, { query: CHANGED }, own).finally(() => { told = true; });
  const made = [];
  for (let round = 0; !told && round < 40; round++) {
    const body = JSON.stringify({ query: CREATE, variables: { name: `${name} ${Date.now()} ${round}` } });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await (await fetch(url, { method: 'POST', headers, body })).json();
    made.push(answer.data.createCustomer.id);
    await Promise.race([coming.catch(() => {}), pause(250)]);
  }
  const { data, errors } = await coming;
  equal(errors, undefined, 'errors');
  const { id, kind, version, customer } = data.customerChanged;
  equal([made.includes(id), kind, version, customer.id], [true, 'CREATED', 1, id], 'what is told of a customer just made');
  equal(customer.name.startsWith(name), true, 'the record as it is');
}

const codes = (errors) => errors.map(({ extensions }) => extensions.code);

export async function follow(check, access) {
  const { url, token } = access;
  const socket = (bearer, more = {}) => socketClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${bearer}` },
    retryAttempts: 0,
    ...more,
  });

  await check('graphql-ws queries', async () => {
    const client = socket(token);
    const { data } = await first(client, { query: '{ customers(first: 2) { nodes { id } } }' });
    equal(data.customers.nodes.length, 2, 'customers');
    await client.dispose();
  });

  await check('graphql-ws sends variables and mutations', async () => {
    const client = socket(token);
    const { data } = await first(client, { query: CREATE, variables: { name: `socket ${Date.now()}` } });
    equal(data.createCustomer.id.startsWith('cus_'), true, 'an id');
    await client.dispose();
  });

  await check('graphql-ws follows changes', async () => {
    const client = socket(token);
    await followed(client, access, 'By socket');
    await client.dispose();
  });

  await check('graphql-ws shows the code of a field that there is not', async () => {
    const client = socket(token);
    const errors = await first(client, { query: 'subscription { customerChanged { shoeSize } }' }).then(() => [], (error) => error);
    equal(codes(errors), ['VALIDATION_FAILED'], 'codes');
    await client.dispose();
  });

  await check('graphql-ws is told that a token does not hold', async () => {
    const client = socket('gh_nobody');
    const closed = await first(client, { query: '{ __typename }' }).then(() => undefined, (error) => error);
    equal([closed.code, closed.reason], [4403, 'Forbidden'], 'how the connection is closed');
    await client.dispose();
  });

  const events = (bearer) => eventsClient({ url, headers: { authorization: `Bearer ${bearer}` }, retryAttempts: 0 });

  await check('graphql-sse queries', async () => {
    const client = events(token);
    const { data } = await first(client, { query: '{ customers(first: 2) { nodes { id } } }' });
    equal(data.customers.nodes.length, 2, 'customers');
    client.dispose();
  });

  await check('graphql-sse follows changes', async () => {
    const client = events(token);
    await followed(client, access, 'By events');
    client.dispose();
  });

  await check('graphql-sse is told that a token does not hold', async () => {
    const client = events('gh_nobody');
    const refused = await first(client, { query: CHANGED }).then(() => undefined, (error) => error);
    equal(refused.response?.status, 401, 'status');
    client.dispose();
  });
}
