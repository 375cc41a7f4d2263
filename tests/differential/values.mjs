// Values of arguments: made as trees, then written as literals or sent as variables.

import { getNullableType, isListType, isNonNullType } from 'graphql';

export const nothing = { kind: 'null' };
export const text = (value) => ({ kind: 'text', value });
export const whole = (value) => ({ kind: 'whole', value });
export const truth = (value) => ({ kind: 'truth', value });
export const name = (value) => ({ kind: 'name', value });
/** A number with a fraction: a bare literal, and a string in JSON. */
export const exact = (value) => ({ kind: 'exact', value });
export const list = (items) => ({ kind: 'list', items });
export const object = (fields) => ({ kind: 'object', fields });

/** As JSON text. */
export function json(value) {
  switch (value.kind) {
    case 'null': return 'null';
    case 'whole': case 'truth': return String(value.value);
    case 'list': return `[${value.items.map((item) => json(item)).join(',')}]`;
    case 'object': return `{${Object.entries(value.fields).map(([key, inner]) => `${JSON.stringify(key)}:${json(inner)}`).join(',')}}`;
    default: return JSON.stringify(value.value);
  }
}

/** As JavaScript has it. */
export const plain = (value) => JSON.parse(json(value));

/** A string literal, in one of the ways to write it. */
export function stringLiteral(dice, value) {
  const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  const quoted = JSON.stringify(value);
  if (/^[!-~]([ -~]*[!-~])?$/.test(value) && !/["\\]/.test(value) && dice.chance(0.15)) return `"""${value}"""`;
  if (dice.chance(0.2)) return quoted.replace(/[^ -~]/g, escaped);
  return quoted;
}

/** Writes values as literals, with some of them as variables, which it collects. */
export class Writer {
  constructor(dice) {
    this.dice = dice;
    this.variables = new Map();
  }

  /** `value` at a place of type `type`; `fixed` keeps it a literal. */
  write(value, type, { variable = 0.2, hasDefault = false } = {}) {
    if (this.dice.chance(variable)) return this.asVariable(value, type, hasDefault);
    return this.literal(value, type);
  }

  literal(value, type) {
    const inner = getNullableType(type);
    switch (value.kind) {
      case 'null': return 'null';
      case 'whole': case 'truth': case 'name': case 'exact': return String(value.value);
      case 'text': return stringLiteral(this.dice, value.value);
      case 'list': {
        const items = value.items.map((item) => this.write(item, isListType(inner) ? inner.ofType : inner, { variable: 0.1 }));
        return items.length === 1 && !value.items[0].items && this.dice.chance(0.3) && items[0] !== 'null' && items[0][0] !== '$'
          ? items[0] : `[${items.join(this.dice.of([', ', ' ', ',']))}]`;
      }
      default: {
        const fields = (isListType(inner) ? getNullableType(inner.ofType) : inner).getFields();
        const written = Object.entries(value.fields).map(
          ([key, one]) => `${key}: ${this.write(one, fields[key].type, { hasDefault: fields[key].defaultValue !== undefined })}`,
        );
        return `{${written.join(', ')}}`;
      }
    }
  }

  asVariable(value, type, hasDefault) {
    const { dice } = this;
    const id = `v${this.variables.size + 1}`;
    const strict = isNonNullType(type);
    const bare = String(getNullableType(type));
    const isNull = value.kind === 'null';
    const nested = (one) => one.kind === 'list' || one.kind === 'object';
    const constant = () => new Constant(dice).literal(value, type);
    const variable = { type: strict ? `${bare}!` : bare, literal: undefined, json: json(value) };
    // A place that takes null takes a variable that is never null; a variable with a default goes where null does not.
    if (!strict && !isNull && dice.chance(0.3)) variable.type = `${bare}!`;
    if ((variable.type === bare || (strict && dice.chance(0.3))) && !isNull && dice.chance(0.3)) {
      variable.type = bare;
      variable.literal = constant();
      if (dice.chance(0.5)) variable.json = undefined;
    }
    if (variable.type === bare && variable.literal === undefined && (!strict || hasDefault) && dice.chance(0.15)) {
      variable.json = dice.of(['null', undefined]);
    }
    // JSON may give one item where a list is wanted.
    if (variable.json !== undefined && value.kind === 'list' && value.items.length === 1 && !nested(value.items[0]) && dice.chance(0.3)) {
      variable.json = json(value.items[0]);
    }
    if (value.kind === 'whole' && variable.json !== undefined && bare === 'Int' && variable.json !== 'null' && dice.chance(0.1)) variable.json += '.0';
    this.variables.set(id, variable);
    return `$${id}`;
  }

  /** `($v1: Int = 3, ...)` for the variables that `text` uses. */
  definitions(names) {
    const defined = names.map((id) => {
      const { type, literal } = this.variables.get(id);
      return `$${id}: ${type}${literal === undefined ? '' : ` = ${literal}`}`;
    });
    return defined.length === 0 ? '' : `(${defined.join(this.dice.of([', ', ' ']))})`;
  }

  /** All variables as JSON text. */
  json() {
    const members = [...this.variables].filter(([, { json: value }]) => value !== undefined);
    return `{${members.map(([id, { json: value }]) => `"${id}":${value}`).join(',')}}`;
  }
}

/** Literals without variables. */
class Constant extends Writer {
  write(value, type) {
    return this.literal(value, type);
  }
}
