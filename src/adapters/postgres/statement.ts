import type { QueryResultRow } from 'pg';

/** One prepared statement: `name` stands for `text` on every connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** What queries need of a connection or of a set of them. */
export interface Queryable {
  query<Row extends QueryResultRow>(statement: Statement): Promise<{ rows: Row[] }>;
}

/** Collects conditions with their values, so that equal shapes give equal texts, which Postgres has prepared. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly #values: unknown[] = [];

  /** Adds a value and gives its placeholder. */
  value(value: unknown): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  add(condition: string): void {
    this.#parts.push(condition);
  }

  get text(): string {
    return this.#parts.join(' and ');
  }

  get values(): unknown[] {
    return this.#values;
  }
}

/** `%term%` with the pattern's own characters taken literally. */
export function containing(term: string): string {
  return `%${term.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

/** Prepared statements are named by their text: short, and the same for the same shape. */
export function named(kind: string, text: string, values: unknown[]): Statement {
  let known = names.get(text);
  if (known === undefined) {
    known = `${kind}-${names.size}`;
    names.set(text, known);
  }
  return { name: known, text, values };
}
const names = new Map<string, string>();
