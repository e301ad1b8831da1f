import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/**
 * A value that must not be shown. Printing, serialising, interpolating or inspecting it gives `[redacted]`. Only
 * `reveal()` gives the value, so a search for that name finds every use.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  get isBlank(): boolean {
    return this.#value.trim() === '';
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
