// What all checks have: a line each, a comparison that says what differs, and a folder to work in.

import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const made = [];
process.on('exit', () => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Runs checks one after another and counts them. */
export class Checks {
  passed = 0;
  failed = 0;

  /** Runs a check and prints a line about it. Gives what it gave, or nothing if it failed. */
  async run(name, body) {
    try {
      const given = await body();
      this.passed++;
      console.log(`ok     ${name}`);
      return given;
    } catch (error) {
      this.failed++;
      console.log(`failed ${name}: ${String(error?.message ?? error).trim().slice(0, 4000)}`);
      return undefined;
    }
  }
}

export function equal(given, expected, what) {
  if (isDeepStrictEqual(given, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(given)} and not ${JSON.stringify(expected)}`);
}

/** A fresh folder with these files of ours in it, and the packages. It is gone when the process ends. */
export function workshop(name, files) {
  const folder = mkdtempSync(join(tmpdir(), `guildhall-${name}-`));
  made.push(folder);
  for (const file of files) cpSync(join(here, file), join(folder, file), { recursive: true });
  symlinkSync(join(here, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}
