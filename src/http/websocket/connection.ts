import type { WebSocket } from 'ws';
import type { RemoteSpan } from '../../application/ports/tracer.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { CallerLimits } from '../../graphql/pipeline/caller-limits.ts';
import type { PublicError } from '../../graphql/pipeline/errors.ts';
import { CLOSE } from './close-codes.ts';

/** Unsent bytes above which the next event has to wait. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Unsent bytes above which the client is cut off: more than the largest answer has. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** How long the client may take to answer a close before the socket is cut, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** A running operation of a connection. */
export interface ConnectionOperation {
  /** True for queries and mutations: a shutdown lets them finish. */
  readonly answer: Promise<unknown> | undefined;
  stop(): void;
}

/** What the client opened the connection with. */
export interface Origin {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** The span that the client opened the connection in: its operations belong to it. */
  readonly remoteSpan: RemoteSpan | undefined;
}

/**
 * One WebSocket, with its limits and its end. After `close` it delivers nothing, ignores all messages, and tells every
 * operation to stop, even if the client does not answer.
 */
export class Connection {
  /**
   * Running operations. Not keyed by the client's ids, because a client may reuse an id before the first operation with
   * it has ended.
   */
  readonly operations = new Set<ConnectionOperation>();
  /** Starts no further operation. */
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
    private readonly callers: Pick<CallerLimits, 'unsent'>,
  ) {}

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Closes the connection when the token expires. */
  authenticated(principal: Principal): void {
    this.#principal = principal;
    this.#scheduleExpiry(principal.expiresAt);
  }

  /** Closes the connection if its caller's token is no longer good. */
  endIf(isRevoked: (principal: Principal) => boolean): void {
    if (this.#principal !== undefined && isRevoked(this.#principal)) this.close(CLOSE.forbidden, 'Token revoked');
  }

  /** Closes the connection if its caller's token was signed by a key that is not accepted any more. */
  async endUnless(acceptsKeyOf: (principal: Principal) => boolean | Promise<boolean>): Promise<void> {
    if (this.#principal === undefined || this.#closed) return;
    const accepted = acceptsKeyOf(this.#principal);
    if (accepted === true || (await accepted)) return;
    this.close(CLOSE.forbidden, 'Key no longer accepted');
  }

  requestContext(requestId: string): RequestContext | undefined {
    const { ipAddress, userAgent } = this.origin;
    return (
      this.#principal && {
        ipAddress,
        userAgent,
        principal: this.#principal,
        requestId,
        startedAt: performance.now(),
      }
    );
  }

  #scheduleExpiry(expiresAt: number): void {
    const left = expiresAt - this.now();
    if (left <= 0) this.#expired();
    else this.#expiry = setTimeout(() => this.#scheduleExpiry(expiresAt), Math.min(left, MAX_TIMER_MS));
  }

  #expired(): void {
    this.close(CLOSE.forbidden, 'Token expired');
  }

  /**
   * Calls `flushed` when the operating system has the text, or never will.
   * @returns undefined: sent. A promise: the client is slow, so wait for it before sending more.
   */
  send(text: string, flushed?: () => void): Promise<void> | undefined {
    if (!this.#maySend()) {
      flushed?.();
      return undefined;
    }
    const counted =
      this.#principal && this.callers.unsent(this.#principal, Buffer.byteLength(text), () => this.terminate());
    const sent = () => {
      counted?.();
      flushed?.();
    };
    if (this.socket.bufferedAmount <= HIGH_WATER_BYTES) {
      this.socket.send(text, sent);
      return undefined;
    }
    return new Promise((resolve) => {
      this.socket.send(text, () => {
        sent();
        resolve();
      });
    });
  }

  #maySend(): boolean {
    if (this.#closed || this.socket.readyState !== this.socket.OPEN) return false;
    // In a busy process the timer may fire after the token has expired.
    if (this.#principal !== undefined && this.now() >= this.#principal.expiresAt) this.#expired();
    else if (this.socket.bufferedAmount > MAX_WAITING_BYTES) this.terminate();
    return !this.#closed;
  }

  /** A client that sends pings and reads nothing gets no more answers to them than it may leave unread. */
  pinged(data: Buffer): void {
    if (this.socket.bufferedAmount <= HIGH_WATER_BYTES) this.socket.pong(data);
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#end();
    this.socket.close(code, reason);
    const grace = setTimeout(() => this.socket.terminate(), CLOSE_GRACE_MS);
    this.socket.once('close', () => clearTimeout(grace));
  }

  /** Cuts the socket without a close frame, for clients that do not read. */
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

  /** Lets running operations finish, at most until the deadline, then closes. */
  async drain(deadline: Promise<unknown>): Promise<void> {
    this.draining = true;
    await Promise.race([Promise.allSettled([...this.operations].map(({ answer }) => answer)), deadline]);
    // graphql-ws sends the answer right after the operation ended.
    await new Promise(setImmediate);
    this.close(CLOSE.goingAway, 'Going away');
  }

  ponged(): void {
    this.#alive = true;
  }

  /** Called at a regular interval: cuts off clients that have not answered or not read since the last call. */
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
 * A running operation. For a subscription, graphql-ws iterates over it: it yields no value, because answers go directly
 * to the socket, and it ends when it is stopped. The `return` of an async generator would first wait for the next event.
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
