import type { WebSocket } from 'ws';
import type { RequestContext } from '../../application/request-context.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { PublicError } from '../../graphql/pipeline/errors.ts';

/** Close codes of graphql-transport-ws (4400 to 4499), and of RFC 6455. */
export const CLOSE = {
  goingAway: 1001,
  tryAgainLater: 1013,
  /** No token at all: trying again would not help. */
  unauthorized: 4401,
  /** The token was refused or has expired: clients fetch another and come back. */
  forbidden: 4403,
} as const;

/** Bytes that wait for a client before the next event is fetched. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Bytes that wait for a client before it is given up. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How long a closed socket may take to agree before it is cut, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** An operation under way on a connection. */
export interface ConnectionOperation {
  /** Of a query or a mutation: a shutdown lets it finish. */
  readonly answer: Promise<unknown> | undefined;
  stop(): void;
}

/** What a connection was opened with. */
export interface Origin {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/**
 * One WebSocket: what it may send and until when. From `close` on nothing is delivered, nothing that arrives is
 * looked at, and every operation is told to stop, whether or not the other side answers.
 */
export class Connection {
  /**
   * Those that were begun and have not ended, whatever the client calls them: it may use an id again before the
   * operation that had it has ended.
   */
  readonly operations = new Set<ConnectionOperation>();
  /** Begins nothing more. */
  draining = false;
  #principal: Principal | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;
  #alive = true;
  #stalled = false;

  constructor(
    readonly socket: WebSocket,
    readonly origin: Origin,
    private readonly now: () => number,
  ) {}

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Lets the connection live as long as the token does. */
  authenticated(principal: Principal): void {
    this.#principal = principal;
    this.#scheduleExpiry(principal.expiresAt);
  }

  requestContext(requestId: string): RequestContext | undefined {
    return this.#principal && { ...this.origin, principal: this.#principal, requestId, startedAt: performance.now() };
  }

  #scheduleExpiry(expiresAt: number): void {
    const left = expiresAt - this.now();
    if (left <= 0) this.#expired();
    else this.#expiry = setTimeout(() => this.#scheduleExpiry(expiresAt), Math.min(left, MAX_TIMER_MS));
  }

  #expired(): void {
    this.close(CLOSE.forbidden, 'Token expired');
  }

  /** Undefined: sent. A promise: wait for it before sending more, because the client is slow. */
  send(text: string): Promise<void> | undefined {
    if (this.#closed || this.socket.readyState !== this.socket.OPEN) return undefined;
    // The timer may come late when the process is busy; the token's end does not.
    if (this.#principal !== undefined && this.now() >= this.#principal.expiresAt) {
      this.#expired();
      return undefined;
    }
    if (this.socket.bufferedAmount > MAX_WAITING_BYTES) {
      this.terminate();
      return undefined;
    }
    if (this.socket.bufferedAmount <= HIGH_WATER_BYTES) {
      this.socket.send(text);
      return undefined;
    }
    return new Promise((resolve) => {
      this.socket.send(text, () => resolve());
    });
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#end();
    this.socket.close(code, reason);
    const grace = setTimeout(() => this.socket.terminate(), CLOSE_GRACE_MS);
    this.socket.once('close', () => clearTimeout(grace));
  }

  /** Without a goodbye, for whoever does not read. */
  terminate(): void {
    this.#end();
    this.socket.terminate();
  }

  /** The socket is gone. */
  ended(): void {
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    for (const operation of this.operations) operation.stop();
  }

  /** Lets what was begun be answered, until the deadline at the latest, then says goodbye. */
  async drain(deadline: Promise<unknown>): Promise<void> {
    this.draining = true;
    await Promise.race([Promise.allSettled([...this.operations].map(({ answer }) => answer)), deadline]);
    // graphql-ws sends the answer right after it came.
    await new Promise(setImmediate);
    this.close(CLOSE.goingAway, 'Going away');
  }

  ponged(): void {
    this.#alive = true;
  }

  /** To be called at a regular interval: gives up clients that did not answer since, or did not read since. */
  checkAlive(): void {
    if (this.#closed) return;
    const stalled = this.socket.bufferedAmount > HIGH_WATER_BYTES;
    if (!this.#alive || (stalled && this.#stalled)) {
      this.terminate();
      return;
    }
    this.#stalled = stalled;
    this.#alive = false;
    this.socket.ping();
  }
}

/**
 * An operation under way. Of a subscription, it is what graphql-ws iterates over: it never gives a value, because the
 * answers go to the socket by themselves, and it ends when it is told to. An async generator's `return` would wait for
 * the event that is being waited for.
 */
export class Delivery implements AsyncGenerator<never, void, void>, ConnectionOperation {
  answer: Promise<unknown> | undefined;
  #resolve: () => void = () => undefined;
  #reject: (fault: unknown) => void = () => undefined;
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(private readonly controller: AbortController) {
    // Whoever stops early does not ask for the outcome.
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
