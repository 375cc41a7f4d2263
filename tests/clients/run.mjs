// What clients in the field do with the API, against a running server: `node run.mjs URL TOKEN`, where URL ends in /graphql.
//
// One line is printed for each check; the exit code is 1 if one of them failed.

import { apollo } from './apollo.mjs';
import { audited } from './audit.mjs';
import { Checks } from './checks.mjs';
import { follow } from './follow.mjs';
import { relay } from './relay.mjs';
import { types } from './types.mjs';
import { urql } from './urql.mjs';
import { writes } from './writes.mjs';

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node run.mjs URL TOKEN');
  process.exit(2);
}

const checks = new Checks();
const check = (name, body) => checks.run(name, body);

async function audit(check, { url, token }) {
  for (const { id, name, status, reason } of await audited(url, token)) {
    await check(`audit ${id} ${name}`, async () => {
      if (status !== 'ok') throw new Error(`${status}: ${reason}`);
    });
  }
}

for (const group of [audit, types, urql, apollo, relay, writes, follow]) {
  const before = checks.passed + checks.failed;
  await group(check, { url, token });
  if (checks.passed + checks.failed === before) await check(`${group.name} checks something`, () => Promise.reject(new Error('nothing was checked')));
}
console.log(`clients: ${checks.passed} passed, ${checks.failed} failed`);
if (checks.failed > 0) process.exit(1);
