// The written corpus: a file for each subject, cases beginning with `# case: <name>`.
//
// A case may have, before its document, `# variables: <json>` and `# operation: <name>`. In all of them `{{id Customer 0}}`
// stands for a record's id, `{{cursor Order 3 [{"field":"NUMBER"}]}}` for a record's cursor in an order, and
// `{{cursor Order =["0"] []}}` for the cursor of one that had these values.

import { readdirSync, readFileSync } from 'node:fs';
import { cursorText, termsOf } from './list.mjs';

const FOLDER = new URL('./corpus/', import.meta.url);

export function corpus() {
  return readdirSync(FOLDER).filter((name) => name.endsWith('.graphql')).sort().flatMap((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    return text.split(/^# case: /m).slice(1).map((piece) => readCase(file.replace('.graphql', ''), piece));
  });
}

function readCase(subject, piece) {
  const [name, ...lines] = piece.split('\n');
  const found = { name: `${subject}: ${name}`, variables: undefined, operationName: undefined };
  while (/^# (variables|operation): /.test(lines[0])) {
    const [, key, value] = /^# (variables|operation): (.*)$/.exec(lines.shift());
    if (key === 'operation') found.operationName = value;
    else found.variables = value;
  }
  return { ...found, query: lines.join('\n').trimEnd() };
}

/** The case with real ids and cursors of the model's records. */
export function filled(model, { query, variables, ...rest }) {
  const fill = (text) => text?.replace(/\{\{(id|cursor|CURSOR) (\w+) (\d+|=\[.*?\])(?: (\[.*?\]))?\}\}/g, (_, what, type, place, order) => {
    const records = model.rows[type];
    // A type the role does not see: the case is refused for that already.
    if (!records) return 'unseen';
    const record = records[Number(place) % records.length];
    if (what === 'id') return record.columns.id;
    const terms = termsOf(model, type, JSON.parse(order ?? '[]'));
    const values = place.startsWith('=') ? JSON.parse(place.slice(1)) : terms.map((term) => term.value(record));
    const cursor = cursorText(terms, values);
    return what === 'CURSOR' ? cursor.toUpperCase() : cursor;
  });
  return { ...rest, query: fill(query), variables: fill(variables) };
}
