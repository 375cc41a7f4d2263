// A form as a front-end developer writes it against the generated types. It is compiled, strictly, then run.

import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';

import { useFragment } from './generated/fragment-masking.js';
import type { FragmentType } from './generated/fragment-masking.js';
import {
  ChangeCustomerDocument,
  CreateCustomerDocument,
  CustomerSavedFragmentDoc,
  DeleteCustomerDocument,
  RestoreCustomerDocument,
} from './generated/graphql.js';
import type { CustomerChanges, CustomerValues } from './generated/graphql.js';

/** What came of each step of a form, as a line. */
export async function fill(uri: string, token: string): Promise<string[]> {
  const link = new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } });
  const possibleTypes = { CustomerResult: ['CustomerWritten', 'Invalid', 'Refused'] };
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  const begun = Date.now();
  const key = (step: string): string => `typed-${begun}-${step}`;

  const values: CustomerValues = { name: 'Typed & Sons', kind: 'ORGANIZATION', currency: 'EUR' };
  const created = await client.mutate({ mutation: CreateCustomerDocument, variables: { input: { values, idempotencyKey: key('create') } } });
  const saved = useFragment(CustomerSavedFragmentDoc, created.data?.createCustomer);
  if (saved?.__typename !== 'CustomerWritten') throw new Error(told(created.data?.createCustomer));
  const { id, version } = saved;
  const lines = [told(created.data?.createCustomer)];

  const set: CustomerChanges = { phone: '0700' };
  for (const step of ['change', 'stale']) {
    const input = { id, version, set, idempotencyKey: key(step) };
    lines.push(told((await client.mutate({ mutation: ChangeCustomerDocument, variables: { input } })).data?.updateCustomer));
  }
  const wrong = { values: { ...values, currency: 'euro' }, idempotencyKey: key('wrong') };
  lines.push(told((await client.mutate({ mutation: CreateCustomerDocument, variables: { input: wrong } })).data?.createCustomer));
  const gone = { id, version: version + 1, idempotencyKey: key('delete') };
  lines.push(told((await client.mutate({ mutation: DeleteCustomerDocument, variables: { input: gone } })).data?.deleteCustomer));
  const back = { id, idempotencyKey: key('restore') };
  lines.push(told((await client.mutate({ mutation: RestoreCustomerDocument, variables: { input: back } })).data?.restoreCustomer));
  return lines;
}

function told(masked: FragmentType<typeof CustomerSavedFragmentDoc> | null | undefined): string {
  const result = useFragment(CustomerSavedFragmentDoc, masked);
  switch (result?.__typename) {
    case 'CustomerWritten': {
      const phone: string = result.customer?.phone ?? 'none';
      return `${result.outcome}: phone ${phone}`;
    }
    case 'Invalid':
      return result.problems.map(({ path, code }) => `${path.join('.')} ${code}`).join('; ');
    case 'Refused':
      return result.reasons.map(({ code }) => code).join('; ');
    default:
      return 'no answer';
  }
}
