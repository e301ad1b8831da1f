import { readFileSync } from 'node:fs';
import type * as z from 'zod';

export interface JsonSetting<Schema extends z.ZodType> {
  /** The variable's name, for faults. */
  readonly name: string;
  readonly schema: Schema;
  /** The array or object as it may be written. */
  readonly example: string;
  /** Makes the error of a message, which has one line a fault: the entry, the field, and what to write there. */
  readonly fault: (message: string, options?: ErrorOptions) => Error;
}

/**
 * Reads a variable that holds a JSON array or object, or the path of a file with one. No message quotes the JSON.
 * @throws what `fault` makes
 */
export function readJsonSetting<Schema extends z.ZodType>(
  value: string,
  { name, schema, example, fault }: JsonSetting<Schema>,
): z.output<Schema> {
  const form = example.startsWith('[') ? 'array' : 'object';
  const inline = /^\s*[[{]/.test(value);
  const source = inline ? name : `${name} (${value})`;
  const result = schema.safeParse(parseJson(inline ? value : readFile(value)));
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${source}${pathText(path)}: ${message}`);
  throw fault([...new Set(faults)].join('\n'));

  function readFile(path: string): string {
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      const what = `the file ${path} cannot be read: set it to a JSON ${form} or to the path of a readable JSON file`;
      throw fault(`${name}: ${what}`, { cause });
    }
  }

  /** Without the parser's own message, which quotes the text. */
  function parseJson(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw fault(`${source}: is not valid JSON: write an ${form} such as ${example}`);
    }
  }
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
}

/** The fault of an entry that is no object, or has a field that is not known. `what`: what an entry must be, after “an object”. */
export function entryFault(
  issue: { readonly code?: string; readonly keys?: unknown },
  { what, fields }: { readonly what: string; readonly fields: readonly string[] },
): string {
  if (issue.code !== 'unrecognized_keys') return `must be an object${what}`;
  const keys = Array.isArray(issue.keys) ? issue.keys.join(', ') : '';
  return `has the unknown field ${keys}: the known fields are ${fields.join(', ')}`;
}
