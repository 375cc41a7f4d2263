// Types generated from the server's introspection, and a strict compiler's word on a program that uses them.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { generate } from '@graphql-codegen/cli';

import { equal, workshop } from './checks.mjs';

const run = promisify(execFile);

/** What a program may get wrong about the first page of customers. The compiler has to see each. */
const WRONG = {
  'a field that was not asked for': 'node.industry',
  'a text as a number': 'const days: number = node.name; days',
  'a decimal as a number': 'const sum: number = useFragment(AmountFragmentDoc, node.revenue12m).amount; sum',
  'what may be null as if it never were': 'node.segment.name',
  'a status that there is not': "node.status === 'ASLEEP'",
  'a filter by a field that there is not': 'const given: CustomerListQueryVariables = { first: 1, filter: { shoeSize: { eq: 46 } } }; given',
};

export async function types(check, { url, token }) {
  const folder = workshop('types', ['operations', 'screen.ts', 'form.ts']);
  await check('types are generated from introspection', async () => {
    const files = await generate({
      cwd: folder,
      silent: true,
      errorsOnly: true,
      importExtension: '.js',
      schema: [{ [url]: { headers: { authorization: `Bearer ${token}` } } }],
      documents: [join(folder, 'operations/*.graphql')],
      generates: {
        [`${join(folder, 'generated')}/`]: {
          preset: 'client',
          config: {
            useTypeImports: true,
            enumsAsTypes: true,
            scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', JSON: 'unknown' },
            strictScalars: true,
          },
        },
      },
    });
    equal(files.some(({ filename }) => filename.endsWith('graphql.ts')), true, 'the generated types');
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      strict: true, noUncheckedIndexedAccess: true, skipLibCheck: true,
      target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom', 'dom.iterable'], types: [],
      outDir: 'built', rootDir: '.', noEmitOnError: true,
    },
    include: ['*.ts'],
  }));
  await check('a program with the types compiles strictly', async () => equal(await complaints(folder), [], 'the compiler says'));
  await check('the compiled program shows customer, order form and report', async () => {
    const { show } = await import(pathToFileURL(join(folder, 'built/screen.js')));
    const lines = await show(url, token);
    equal(lines.filter((line) => line.includes('pays after')).length, 1, 'lines of the customer screen');
    equal(lines.filter((line) => line.includes(' orders in ')).length, 1, 'lines of the report');
    equal(lines.filter((line) => line.includes('undefined')), [], 'lines without a value');
  });
  await check('the compiled form creates, changes, is refused, deletes and brings back', async () => {
    const { fill } = await import(pathToFileURL(join(folder, 'built/form.js')));
    const expected = [
      'CREATED: phone none', 'UPDATED: phone 0700', 'STALE_VERSION', 'values.currency RULE_BROKEN', 'DELETED: phone none',
      'RESTORED: phone 0700',
    ];
    equal(await fill(url, token), expected, 'what came of each');
  });
  for (const [what, code] of Object.entries(WRONG)) {
    await check(`the types refuse ${what}`, async () => {
      writeFileSync(join(folder, 'wrong.ts'), `
        import { useFragment } from './generated/fragment-masking.js';
        import { AmountFragmentDoc } from './generated/graphql.js';
        import type { CustomerListQuery, CustomerListQueryVariables } from './generated/graphql.js';
        export function wrong({ node }: CustomerListQuery['customers']['edges'][number]) { ${code}; }
        export const used = [useFragment, AmountFragmentDoc];
        export type Used = CustomerListQueryVariables;
      `);
      const said = await complaints(folder);
      equal(said.length === 1 && said[0].startsWith('wrong.ts('), true, `exactly one complaint about it in ${JSON.stringify(said)}`);
    });
  }
}

/** What the compiler says of the programs in a folder, by line. */
async function complaints(folder) {
  const compiler = join(folder, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [compiler, '--project', 'tsconfig.json', '--pretty', 'false'], { cwd: folder });
    return [];
  } catch ({ stdout, stderr }) {
    // What goes on with a complaint is indented.
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(' '));
    return said.length > 0 ? said : ['it ended badly and said nothing'];
  }
}
