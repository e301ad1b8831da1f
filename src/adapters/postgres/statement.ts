import type { QueryResultRow } from 'pg';

/** One prepared statement: `name` stands for `text` on every connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** The part of a connection, or of a set of connections, that queries use. */
export interface Queryable {
  query<Row extends QueryResultRow>(statement: Statement): Promise<{ rows: Row[] }>;
}

/** Collects conditions with their values. Equal shapes give equal texts, so that Postgres can reuse the prepared statement. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly #values: unknown[] = [];

  /** Adds a value and returns its placeholder. */
  value(value: unknown): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  add(condition: string): void {
    this.#parts.push(condition);
  }

  /** The same values, to which others can be added. */
  copyOfValues(): Conditions {
    const copy = new Conditions();
    copy.#values.push(...this.#values);
    return copy;
  }

  get text(): string {
    return this.#parts.join(' and ');
  }

  get values(): unknown[] {
    return this.#values;
  }
}

/** `%term%`, with the pattern characters of the term escaped. */
export function containing(term: string): string {
  return `%${term.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

/** Gives each statement text a short name, the same for the same text. */
export function named(kind: string, text: string, values: unknown[]): Statement {
  let known = names.get(text);
  if (known === undefined) {
    known = `${kind}-${names.size}`;
    names.set(text, known);
  }
  return { name: known, text, values };
}
const names = new Map<string, string>();
