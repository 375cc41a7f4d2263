// urql's core client: a query, pages through cursors in both directions, errors with their codes.

import { Client, fetchExchange, gql } from '@urql/core';

import { equal } from './checks.mjs';

const PAGE = gql`
  query Page($first: Int, $after: String, $last: Int, $before: String) {
    customers(first: $first, after: $after, last: $last, before: $before, orderBy: [{ field: NAME }]) {
      totalCount
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
      nodes { id name }
    }
  }
`;

export async function urql(check, { url, token }) {
  const client = (bearer) => new Client({
    url,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${bearer}` } },
  });
  const ours = client(token);
  const asked = (query, variables = {}, by = ours) => by.query(query, variables).toPromise();
  const page = async (variables) => {
    const { data, error } = await asked(PAGE, variables);
    if (error) throw error;
    return data.customers;
  };

  await check('urql queries', async () => {
    const { totalCount, nodes } = await page({ first: 2 });
    equal([nodes.length, totalCount > 4], [2, true], 'two customers of more than four');
  });

  await check('urql queries by GET', async () => {
    const { data, error } = await ours.query(PAGE, { first: 2 }, { preferGetMethod: 'force' }).toPromise();
    equal([error, data?.customers.nodes.length], [undefined, 2], 'an error, customers');
  });

  await check('urql pages forward through all customers, each once', async () => {
    const names = [];
    const ids = new Set();
    let seen = { hasNextPage: true, endCursor: null };
    let total;
    while (seen.hasNextPage) {
      const { nodes, pageInfo, totalCount } = await page({ first: 100, after: seen.endCursor });
      for (const { id, name } of nodes) ids.add(id) && names.push(name);
      [seen, total] = [pageInfo, totalCount];
    }
    equal([ids.size, names.length], [total, total], 'different customers, and all there were');
    equal(names, [...names].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))), 'their order');
  });

  await check('urql pages back to where it came from', async () => {
    const first = await page({ first: 3 });
    const second = await page({ first: 3, after: first.pageInfo.endCursor });
    const back = await page({ last: 3, before: second.pageInfo.startCursor });
    equal(back.nodes, first.nodes, 'the first page');
    equal([back.pageInfo.hasPreviousPage, back.pageInfo.hasNextPage], [false, true], 'what precedes and follows');
  });

  const codes = ({ error }) => error?.graphQLErrors.map(({ extensions }) => extensions.code);
  await check('urql shows the code of a field that there is not', async () => {
    const answer = await asked(gql`{ customers { nodes { shoeSize } } }`);
    equal([codes(answer), answer.error.response.status], [['VALIDATION_FAILED'], 400], 'code and status');
  });

  await check('urql shows the code of a cursor of an order with more terms', async () => {
    const { pageInfo } = await page({ first: 1 });
    const answer = await asked(gql`
      query($after: String) { customers(after: $after, orderBy: [{ field: COUNTRY }, { field: NAME }]) { nodes { id } } }
    `, { after: pageInfo.endCursor });
    equal([codes(answer), answer.data], [['BAD_USER_INPUT'], undefined], 'code and data');
  });

  await check('urql shows the code and place of a cursor of the same order the other way', async () => {
    const { pageInfo } = await page({ first: 1 });
    const answer = await asked(gql`
      query($after: String) { customers(after: $after, orderBy: [{ field: NAME, direction: DESC }]) { nodes { id } } }
    `, { after: pageInfo.endCursor });
    equal([codes(answer), answer.data], [['BAD_USER_INPUT'], undefined], 'code and data');
    equal(answer.error.graphQLErrors[0].locations?.length, 1, 'places');
  });

  await check('urql shows the code of a variable that is out of range', async () => {
    equal(codes(await asked(PAGE, { first: 3_000_000_000 })), ['BAD_USER_INPUT'], 'code');
  });

  await check('urql shows the code and status of a token that does not hold', async () => {
    const answer = await asked(PAGE, { first: 1 }, client('gh_nobody'));
    equal([codes(answer), answer.error.response.status], [['UNAUTHENTICATED'], 401], 'code and status');
  });
}
