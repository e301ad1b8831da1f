import type { PublicError } from '../../graphql/pipeline/errors.ts';

/**
 * A running operation of a connection. For a subscription, graphql-ws iterates over it: it yields no value, because
 * answers go directly to the client, and it ends when it is stopped. The `return` of an async generator would first wait
 * for the next event.
 */
export class Delivery implements AsyncGenerator<never, void, void> {
  /** Of queries and mutations: a shutdown lets them finish. */
  answer: Promise<unknown> | undefined;
  /** Of the last event that was sent. */
  cursor: string | undefined;
  #resolve: () => void = () => undefined;
  #reject: (fault: unknown) => void = () => undefined;
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(
    /** What the client calls the operation. */
    readonly id: string,
    private readonly controller: AbortController,
  ) {
    // A caller that stops early does not read the outcome.
    this.#ended.catch(() => undefined);
  }

  stop(): void {
    this.controller.abort();
    this.#resolve();
  }

  end(fault: PublicError | undefined): void {
    if (fault === undefined) this.#resolve();
    else this.#reject(fault);
  }

  /** @throws PublicError if the operation ended with one */
  async next(): Promise<IteratorReturnResult<void>> {
    await this.#ended;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.stop();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<never> {
    this.stop();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
