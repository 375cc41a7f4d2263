// The public audit of GraphQL over HTTP, against a running server: `node audit.mjs URL TOKEN`.
//
// The audit knows nothing of tokens; every request it makes bears ours. One line is printed for each check.

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { serverAudits } from 'graphql-http';

/** Each audit with what came of it: `ok`, `warn` or `error`, and why. */
export async function audited(url, token) {
  const bearing = (address, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(address, { ...init, headers });
  };
  const told = [];
  for (const audit of serverAudits({ url, fetchFn: bearing })) {
    const { status, reason } = await audit.fn();
    told.push({ id: audit.id, name: audit.name, status, reason });
  }
  return told;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [url, token] = process.argv.slice(2);
  if (!url || !token) {
    console.error('usage: node audit.mjs URL TOKEN');
    process.exit(2);
  }
  const told = await audited(url, token);
  for (const { id, name, status, reason } of told) {
    console.log(`${status.padEnd(5)} ${id} ${name}${status === 'ok' ? '' : `: ${reason}`}`);
  }
  const passed = told.filter(({ status }) => status === 'ok').length;
  console.log(`${passed} of ${told.length} audits passed`);
  if (passed === 0 || passed < told.length) process.exit(1);
}
