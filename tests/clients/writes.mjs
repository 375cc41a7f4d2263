// Writing through Apollo Client: what a form does with a record, and what it is told when it may not.

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';

import { equal } from './checks.mjs';

const RESULT = gql`
  fragment Result on CustomerResult {
    __typename
    ... on CustomerWritten { id version outcome customer { id name phone version } }
    ... on Invalid { problems { path code } }
    ... on Refused { reasons { code } }
  }
`;
const CREATE = gql`
  mutation Create($input: CreateCustomerInput!) { done: createCustomer(input: $input) { ...Result } }
  ${RESULT}
`;
const UPDATE = gql`
  mutation Update($input: UpdateCustomerInput!) { done: updateCustomer(input: $input) { ...Result } }
  ${RESULT}
`;
const DELETE = gql`
  mutation Delete($input: DeleteInput!) { done: deleteCustomer(input: $input) { ...Result } }
  ${RESULT}
`;
const RESTORE = gql`
  mutation Restore($input: RestoreInput!) { done: restoreCustomer(input: $input) { ...Result } }
  ${RESULT}
`;
const ONE = gql`query One($id: ID!) { customer(id: $id) { id name phone version } }`;

export async function writes(check, { url, token }) {
  const link = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
  const possibleTypes = { CustomerResult: ['CustomerWritten', 'Invalid', 'Refused'] };
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  let keys = 0;
  const key = () => `form-${Date.now()}-${keys++}`;
  const done = async (mutation, input) => (await client.mutate({ mutation, variables: { input: { idempotencyKey: key(), ...input } } })).data.done;
  const read = async (id) => (await client.query({ query: ONE, variables: { id }, fetchPolicy: 'network-only' })).data.customer;
  let id;

  await check('Apollo Client creates a record', async () => {
    const written = await done(CREATE, { values: { name: 'Form & Co', kind: 'ORGANIZATION', currency: 'EUR' } });
    equal([written.__typename, written.outcome, written.version], ['CustomerWritten', 'CREATED', 1], 'what came of it');
    ({ id } = written);
    equal((await read(id)).name, 'Form & Co', 'its name');
  });

  await check('Apollo Client creates once, however often it sends the same key', async () => {
    const input = { idempotencyKey: key(), values: { name: 'Twice', kind: 'PERSON', currency: 'EUR' } };
    const [one, other] = [await done(CREATE, input), await done(CREATE, input)];
    equal(other.id, one.id, 'the record');
  });

  await check('Apollo Client updates a record, and its cache with it', async () => {
    const watched = [];
    const following = client.watchQuery({ query: ONE, variables: { id } }).subscribe(({ data }) => data?.customer && watched.push(data.customer.phone));
    const written = await done(UPDATE, { id, version: 1, set: { phone: '0700' } });
    equal([written.outcome, written.version], ['UPDATED', 2], 'what came of it');
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    following.unsubscribe();
    equal(watched.at(-1), '0700', 'what the screen shows');
  });

  await check('Apollo Client is told that somebody was faster', async () => {
    const refused = await done(UPDATE, { id, version: 1, set: { phone: '0800' } });
    equal([refused.__typename, refused.reasons?.map(({ code }) => code)], ['Refused', ['STALE_VERSION']], 'what came of it');
    equal((await read(id)).phone, '0700', 'the phone');
  });

  await check('Apollo Client is told all that is wrong, by field', async () => {
    const invalid = await done(CREATE, { values: { name: ' ', kind: 'PERSON', currency: 'euro' } });
    equal(invalid.__typename, 'Invalid', 'what came of it');
    const problems = invalid.problems.map(({ path, code }) => `${path.at(-1)} ${code}`).sort();
    equal(problems, ['currency RULE_BROKEN', 'name RULE_BROKEN'], 'problems');
  });

  await check('Apollo Client deletes a record', async () => {
    const { version } = await read(id);
    const written = await done(DELETE, { id, version });
    equal([written.outcome, written.customer], ['DELETED', null], 'what came of it');
    equal(await read(id), null, 'the record');
  });

  await check('Apollo Client brings a record back', async () => {
    const written = await done(RESTORE, { id });
    equal([written.outcome, written.customer?.phone], ['RESTORED', '0700'], 'what came of it');
    equal((await read(id))?.name, 'Form & Co', 'its name');
  });
}
