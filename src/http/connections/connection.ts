import type { RequestContext } from '../../application/request-context.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { CallerLimits } from '../../graphql/pipeline/caller-limits.ts';
import type { Delivery } from './delivery.ts';

/** Unsent bytes above which the next event has to wait. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Unsent bytes above which the client is cut off: more than the largest answer has. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** How long the client may take to answer a close before the connection is cut, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;
/** The same for a client that is slow: it has to read what was sent before it reads why it was closed. */
const SLOW_GRACE_MS = 10_000;
/** The same at the end of a token: the connection has to be gone within a second. */
const TOKEN_GRACE_MS = 500;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

type TokenEnd = 'token expired' | 'token revoked' | 'key removed';

/** Why the service closes a connection. */
export type CloseReason = TokenEnd | 'too many connections' | 'too slow' | 'going away';

/** How a client is written to: by a WebSocket or by an event stream. */
export interface Transport {
  /** Bytes that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** Whether it can still be written to. */
  readonly isOpen: boolean;
  /** Whether a client that is there answers pings. */
  readonly answersPings: boolean;
  /** The message with an answer. `cursor`: of an event, undefined if it has none. */
  messageOf(id: string, payload: string, cursor: string | undefined): string;
  /** Calls `sent` once: when the operating system has the text, or never will. */
  send(text: string, sent: () => void): void;
  ping(): void;
  /** Tells the client why, and ends. `running`: what it was following. */
  close(reason: CloseReason, running: readonly Delivery[]): void;
  /** Ends without a word, for clients that do not read. */
  cut(): void;
}

/** Where a connection comes from. */
export interface Origin {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/**
 * One WebSocket or event stream, with its limits and its end. After `close` it delivers nothing, ignores all messages,
 * and tells every operation to stop, even if the client does not answer.
 */
export class Connection {
  /**
   * Running operations. Not keyed by the client's ids, because a client may reuse an id before the first operation with
   * it has ended.
   */
  readonly operations = new Set<Delivery>();
  /** Starts no further operation. */
  draining = false;
  /** Resolves when the client can be sent nothing any more. */
  readonly gone: Promise<void>;
  #isGone: () => void = () => undefined;
  /** Of those who wait until a text was sent. */
  readonly #waiting = new Set<() => void>();
  #principal: Principal | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;
  #tokenEnded = false;
  #alive = true;
  #stalled = false;

  constructor(
    readonly transport: Transport,
    readonly origin: Origin,
    private readonly now: () => number,
    private readonly callers: Pick<CallerLimits, 'unsent'>,
  ) {
    this.gone = new Promise((resolve) => {
      this.#isGone = resolve;
    });
  }

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
    if (this.#principal !== undefined && isRevoked(this.#principal)) this.#endToken('token revoked');
  }

  /** Closes the connection if its caller's token was signed by a key that is not accepted any more. */
  async endUnless(acceptsKeyOf: (principal: Principal) => boolean | Promise<boolean>): Promise<void> {
    if (this.#principal === undefined || this.#tokenEnded) return;
    const accepted = acceptsKeyOf(this.#principal);
    if (accepted === true || (await accepted)) return;
    this.#endToken('key removed');
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
    if (left <= 0) this.#endToken('token expired');
    else this.#expiry = setTimeout(() => this.#scheduleExpiry(expiresAt), Math.min(left, MAX_TIMER_MS));
  }

  /** A client that is being closed for another reason, and may still take its time to read, is cut. */
  #endToken(reason: TokenEnd): void {
    if (this.#tokenEnded) return;
    this.#tokenEnded = true;
    if (this.#closed) this.transport.cut();
    else this.#closeAs(reason, TOKEN_GRACE_MS);
  }

  /**
   * Calls `flushed` when the operating system has the text, or never will.
   * @returns undefined: sent. A promise: the client is slow, so wait for it before sending more. It resolves at the
   * connection's end as well.
   */
  send(text: string, flushed?: () => void): Promise<void> | undefined {
    if (!this.#maySend()) {
      flushed?.();
      return undefined;
    }
    const counted = this.#principal && this.callers.unsent(this.#principal, Buffer.byteLength(text), () => this.cut());
    const sent = () => {
      counted?.();
      flushed?.();
    };
    if (this.transport.unsentBytes <= HIGH_WATER_BYTES) {
      this.transport.send(text, sent);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      this.transport.send(text, () => {
        sent();
        this.#waiting.delete(resolve);
        resolve();
      });
    });
  }

  #maySend(): boolean {
    if (this.#closed || !this.transport.isOpen) return false;
    // In a busy process the timer may fire after the token has expired.
    if (this.#principal !== undefined && this.now() >= this.#principal.expiresAt) this.#endToken('token expired');
    else if (this.transport.unsentBytes > MAX_WAITING_BYTES) this.cut();
    return !this.#closed;
  }

  /** A client that sends pings and reads nothing gets no more answers to them than it may leave unread. */
  get mayBeAnsweredPings(): boolean {
    return this.transport.unsentBytes <= HIGH_WATER_BYTES;
  }

  close(reason: Exclude<CloseReason, TokenEnd>): void {
    this.#closeAs(reason, reason === 'too slow' ? SLOW_GRACE_MS : CLOSE_GRACE_MS);
  }

  #closeAs(reason: CloseReason, graceMs: number): void {
    const running = [...this.operations];
    this.closeBy(() => this.transport.close(reason, running), graceMs);
  }

  /** Closes the connection in a way that only its protocol knows. It is cut if the client takes longer than the grace. */
  closeBy(close: () => void, graceMs = CLOSE_GRACE_MS): void {
    if (this.#closed) return;
    this.#end();
    close();
    const grace = setTimeout(() => this.transport.cut(), graceMs);
    void this.gone.then(() => clearTimeout(grace));
  }

  /** Ends the connection without a word, for clients that do not read. */
  cut(): void {
    this.#end();
    this.transport.cut();
  }

  /** The client can be sent nothing any more. */
  ended(): void {
    this.#end();
    clearTimeout(this.#expiry);
    this.#isGone();
  }

  #end(): void {
    this.#closed = true;
    for (const operation of this.operations) operation.stop();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Lets running operations finish, at most until the deadline, then closes. */
  async drain(deadline: Promise<unknown>): Promise<void> {
    this.draining = true;
    await Promise.race([Promise.allSettled([...this.operations].map(({ answer }) => answer)), deadline]);
    // The protocol says right after an answer that the operation is complete.
    await new Promise(setImmediate);
    this.close('going away');
  }

  ponged(): void {
    this.#alive = true;
  }

  /** Called at a regular interval: gives up clients that have not answered or not read since the last call. */
  checkAlive(): void {
    if (this.#closed) return;
    const stalled = this.transport.unsentBytes > HIGH_WATER_BYTES;
    if (!this.#alive || (stalled && this.#stalled)) {
      this.close('too slow');
      return;
    }
    this.#stalled = stalled;
    this.#alive = !this.transport.answersPings;
    this.transport.ping();
  }
}
