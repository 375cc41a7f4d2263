// A program as a front-end developer writes it against the generated types. It is compiled, strictly, then run.

import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';

import { useFragment } from './generated/fragment-masking.js';
import type { FragmentType } from './generated/fragment-masking.js';
import {
  AmountFragmentDoc,
  CustomerListDocument,
  CustomerScreenDocument,
  OrderFormLinesDocument,
  OrderFormPartyDocument,
  OrderFormProductsDocument,
  SalesReportDocument,
} from './generated/graphql.js';
import type { CustomerListQuery, CustomerListQueryVariables } from './generated/graphql.js';

type Listed = CustomerListQuery['customers']['edges'][number]['node'];

export async function show(uri: string, token: string): Promise<string[]> {
  const link = new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const lines: string[] = [];

  const variables: CustomerListQueryVariables = {
    first: 3,
    filter: { status: { eq: 'ACTIVE' }, orders: { some: { netTotal: { gte: '100.00' } } } },
    orderBy: [{ field: 'REVENUE12M', direction: 'DESC' }],
  };
  const list = (await client.query({ query: CustomerListDocument, variables })).data;
  if (!list) throw new Error('no list of customers');
  for (const { node } of list.customers.edges) lines.push(listed(node));

  const id = list.customers.edges[0]?.node.id;
  if (id === undefined) throw new Error('no customer');
  const screen = (await client.query({ query: CustomerScreenDocument, variables: { id, amount: '500.00' } })).data?.customer;
  const days: number | undefined = screen?.creditTerms?.netDays;
  if (!screen || days === undefined) throw new Error('no customer screen');
  const outcome: string = screen.creditCheck?.outcome ?? 'undecided';
  lines.push(`${screen.name} pays after ${days} days, credit: ${outcome}`);

  const order = screen.orders.nodes[0];
  if (!order) throw new Error('no order');
  const node = (await client.query({ query: OrderFormLinesDocument, variables: { id: order.id } })).data?.node;
  if (node?.__typename !== 'Order') throw new Error('no order form');
  for (const line of node.lines.nodes) lines.push(`${node.number}/${line.position}: ${line.quantity} x ${line.product.sku}`);

  const party = (await client.query({ query: OrderFormPartyDocument, variables: { text: screen.name } })).data?.search ?? [];
  for (const found of party) if (found.__typename === 'Customer') lines.push(`${found.name} buys in ${found.currency}`);
  const products = (await client.query({ query: OrderFormProductsDocument, variables: { text: 'a' } })).data?.products;
  for (const { sku, listPrice } of products?.nodes ?? []) lines.push(`${sku} ${amount(listPrice)}`);

  const report = (await client.query({ query: SalesReportDocument, variables: { filter: { status: { eq: 'SHIPPED' } } } })).data;
  if (!report) throw new Error('no report');
  lines.push(`${report.ordersAggregate.count} orders in ${report.ordersGroups.totalCount} groups`);
  for (const { key, sum } of report.ordersGroups.nodes) lines.push(`${key.customer?.name} ${key.orderedOn} ${amount(sum.netTotal)}`);
  return lines;
}

function listed({ name, status, revenue12m, lastOrderOn, segment }: Listed): string {
  const last: string = lastOrderOn ?? 'never';
  return `${name} (${status}, ${segment?.name ?? 'no segment'}): ${amount(revenue12m)}, last order ${last}`;
}

function amount(masked: FragmentType<typeof AmountFragmentDoc> | null | undefined): string {
  const money = useFragment(AmountFragmentDoc, masked);
  if (!money) return 'no amount';
  const exact: string = money.amount;
  return `${exact} ${money.currency}`;
}
