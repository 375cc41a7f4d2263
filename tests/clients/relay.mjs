// Relay: its compiler over the served schema, then its runtime with what the compiler made.

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';

import { equal, workshop } from './checks.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSingularSelector } = require('relay-runtime');

/** How much of the schema is compared: everything that can be told. */
const EVERYTHING = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true };

export async function relay(check, { url, token }) {
  const authorization = `Bearer ${token}`;
  const folder = workshop('relay', ['relay']);
  const asked = async (query, variables) => {
    const headers = { authorization, 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return answer.json();
  };

  await check('the schema that is served is the one that introspection tells', async () => {
    const answer = await fetch(new URL('/schema.graphql', url), { headers: { authorization } });
    const served = await answer.text();
    writeFileSync(join(folder, 'schema.graphql'), served);
    const { data } = await asked(getIntrospectionQuery(EVERYTHING));
    const lines = (schema) => printSchema(lexicographicSortSchema(schema)).split('\n');
    const [ours, told] = [lines(buildSchema(served)), lines(buildClientSchema(data))];
    const differs = ours.findIndex((line, place) => line !== told[place]);
    equal([ours.length, ours[differs]], [told.length, told[differs]], 'how many lines, and the first that differs');
  });

  const made = await check('relay-compiler takes the schema, a connection and a refetchable fragment', async () => {
    mkdirSync(join(folder, 'artifacts'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
    writeFileSync(join(folder, 'relay.config.json'), JSON.stringify({
      src: './relay', schema: './schema.graphql', language: 'javascript', artifactDirectory: './artifacts', eagerEsModules: false,
    }));
    const compiler = require.resolve('relay-compiler/cli.js');
    await run(process.execPath, [compiler, 'relay.config.json'], { cwd: folder }).catch(({ stdout, stderr }) => {
      throw new Error(`${stdout}${stderr}`);
    });
    const artifact = (name) => require(join(folder, 'artifacts', `${name}.graphql.js`));
    const fragment = artifact('CustomerOrders_customer');
    equal(fragment.metadata.refetch.operation.params.name, 'CustomerOrdersPageQuery', 'what asks for the next page');
    return { screen: artifact('CustomerOrdersScreenQuery'), page: fragment.metadata.refetch.operation, fragment };
  });

  await check('Relay adds the next page of a connection to the one it has', async () => {
    const many = '{ customers(first: 1, orderBy: [{ field: ORDERS12M, direction: DESC }]) { nodes { id } } }';
    const [{ id }] = (await asked(many)).data.customers.nodes;
    const environment = new Environment({
      network: Network.create(({ text }, variables) => asked(text, variables)),
      store: new Store(new RecordSource()),
    });
    const orders = async (query, variables) => {
      await fetchQuery(environment, query, variables).toPromise();
      const operation = createOperationDescriptor(made.screen, { id, count: 3 });
      environment.retain(operation);
      const reference = environment.lookup(operation.fragment).data.customer;
      return environment.lookup(getSingularSelector(made.fragment, reference)).data.orders;
    };
    const first = await orders(made.screen, { id, count: 3 });
    equal([first.edges.length, first.pageInfo.hasNextPage], [3, true], 'orders on the first page, and whether there are more');
    const both = await orders(made.page, { id, count: 3, cursor: first.pageInfo.endCursor });
    equal(both.edges.slice(0, 3), first.edges, 'the first page');
    equal(new Set(both.edges.map(({ node }) => node.number)).size, 6, 'different orders');
  });
}
