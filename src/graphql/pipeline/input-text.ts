import { badUserInput } from '../../domain/errors.ts';

/** No input type of the schema nests this deep. */
const MAX_DEPTH = 10;
/** NUL, which Postgres cannot store, and lone surrogates, which UTF-8 cannot. */
const UNSTORABLE = /[\0\p{Cs}]/u;
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

export function unstorableText(field: string): Error {
  return badUserInput(field, `\`${field}\` contains a character that cannot be stored. Type it again by hand.`);
}

/**
 * Refuses variables that are too deep, contain unstorable text, or have `__proto__` as a key.
 * @throws PurserError BAD_USER_INPUT on the innermost field that has a name
 */
export function checkVariables(variables: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(variables)) check(value, name, 1, 'variables');
}

function check(value: unknown, key: string, depth: number, parent: string): void {
  const field = FIELD_NAME.test(key) && key !== '__proto__' ? key : parent;
  if (key === '__proto__') throw badUserInput(field, 'An input cannot have the name `__proto__`.');
  if (!isStorable(key)) throw unstorableText(field);
  if (typeof value === 'string') {
    if (!isStorable(value)) throw unstorableText(field);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw badUserInput(field, `\`${field}\` is nested too deeply.`);
  if (Array.isArray(value)) {
    for (const item of value) check(item, field, depth + 1, parent);
    return;
  }
  for (const [name, inner] of Object.entries(value)) check(inner, name, depth + 1, field);
}
