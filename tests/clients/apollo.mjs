// Apollo Client, without React: queries, a cache normalised by id, lists that grow by pages, errors with their codes.

import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

import { equal } from './checks.mjs';

const LIST = gql`
  query List($first: Int!, $after: String, $direction: OrderDirection!) {
    customers(first: $first, after: $after, orderBy: [{ field: NAME, direction: $direction }]) {
      edges { cursor node { id name revenue12m { amount currency } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const ONE = gql`
  query One($id: ID!) {
    customer(id: $id) { id name revenue12m { amount currency } }
  }
`;

/** A client with an empty cache, and how often it has gone to the server. */
function connected({ url, token }) {
  const counted = { requests: 0 };
  const link = new HttpLink({
    uri: url,
    headers: { authorization: `Bearer ${token}` },
    fetch: (...given) => {
      counted.requests++;
      return fetch(...given);
    },
  });
  const cache = new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          customer: (known, { args, toReference }) => known ?? toReference({ __typename: 'Customer', id: args.id }),
          customers: relayStylePagination(['filter', 'orderBy']),
        },
      },
      Customer: { keyFields: ['id'], fields: { orders: relayStylePagination(['filter', 'orderBy']) } },
    },
  });
  return { client: new ApolloClient({ link, cache }), cache, counted };
}

export async function apollo(check, access) {
  const ascending = { first: 2, direction: 'ASC' };

  await check('Apollo Client queries', async () => {
    const { client } = connected(access);
    const { data } = await client.query({ query: LIST, variables: ascending });
    equal(data.customers.edges.length, 2, 'customers');
  });

  await check('Apollo Client normalises records by id', async () => {
    const { client, cache } = connected(access);
    const { data } = await client.query({ query: LIST, variables: ascending });
    const known = Object.keys(cache.extract()).filter((key) => key.startsWith('Customer:'));
    equal(known, data.customers.edges.map(({ node }) => `Customer:{"id":"${node.id}"}`), 'records in the cache');
  });

  await check('Apollo Client serves a record it has met in a list from its cache', async () => {
    const { client, counted } = connected(access);
    const { data: list } = await client.query({ query: LIST, variables: ascending });
    const [{ node }] = list.customers.edges;
    const { data } = await client.query({ query: ONE, variables: { id: node.id } });
    equal(data.customer, node, 'the record');
    equal(counted.requests, 1, 'requests');
  });

  await check('Apollo Client asks for a record it has not met, once', async () => {
    const { client, counted } = connected(access);
    const { data: list } = await client.query({ query: LIST, variables: ascending });
    const other = connected(access);
    for (const _ of [1, 2]) await other.client.query({ query: ONE, variables: { id: list.customers.edges[0].node.id } });
    equal([counted.requests, other.counted.requests], [1, 1], 'requests');
  });

  await check('Apollo Client joins pages by relayStylePagination and keeps orders apart', async () => {
    const { client, cache, counted } = connected(access);
    const watched = client.watchQuery({ query: LIST, variables: ascending });
    const { data: first } = await watched.refetch();
    await watched.fetchMore({ variables: { after: first.customers.pageInfo.endCursor } });
    await client.query({ query: LIST, variables: { first: 2, direction: 'DESC' } });
    equal(counted.requests, 3, 'requests');
    const read = (direction) => cache.readQuery({ query: LIST, variables: { first: 2, direction } }).customers;
    const joined = read('ASC');
    const { data: whole } = await connected(access).client.query({ query: LIST, variables: { ...ascending, first: 4 } });
    equal(joined.edges, whole.customers.edges, 'both pages');
    equal(joined.pageInfo, whole.customers.pageInfo, 'where they begin and end');
    equal(read('DESC').edges.length, 2, 'the page of another order');
  });

  await check('Apollo Client joins pages of a list below a record', async () => {
    const { client, cache } = connected(access);
    const query = gql`
      query Orders($id: ID!, $first: Int!, $after: String) {
        customer(id: $id) {
          id
          orders(first: $first, after: $after, orderBy: [{ field: ORDERED_ON, direction: DESC }]) {
            edges { cursor node { id number } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          }
        }
      }
    `;
    const many = gql`{ customers(first: 1, orderBy: [{ field: ORDERS12M, direction: DESC }]) { edges { node { id } } } }`;
    const { data } = await client.query({ query: many });
    const variables = { id: data.customers.edges[0].node.id, first: 3 };
    const watched = client.watchQuery({ query, variables });
    const { data: first } = await watched.refetch();
    await watched.fetchMore({ variables: { after: first.customer.orders.pageInfo.endCursor } });
    const { edges } = cache.readQuery({ query, variables }).customer.orders;
    equal([edges.length, new Set(edges.map(({ node }) => node.id)).size], [6, 6], 'orders, and different ones');
  });

  await check('Apollo Client shows the code of an error', async () => {
    const { client } = connected(access);
    const wrong = client.query({ query: ONE, variables: { id: 'nobody' } });
    const error = await wrong.then(() => undefined, (error) => error);
    equal(CombinedGraphQLErrors.is(error), true, `an error of GraphQL (${error})`);
    equal(error.errors.map(({ extensions }) => extensions.code), ['BAD_USER_INPUT'], 'codes');
  });
}
