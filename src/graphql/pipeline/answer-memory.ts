import { rateLimited } from '../../domain/errors.ts';

/** What one caller's answers take: room for those that are being made, and bytes that wait in sockets. */
export interface Holder {
  /** Of both. */
  bytes: number;
  unsentBytes: number;
  /** The longest waiting first. */
  readonly unsent: Set<Unsent>;
}

interface Unsent {
  readonly bytes: number;
  /** Ends the connection of a client that does not read. */
  readonly cut: () => void;
}

export interface AnswerMemoryLimits {
  /** Bytes of one caller. */
  readonly maxOfCaller: number;
  /** Bytes of all callers. */
  readonly maxOfAll: number;
}

/** Two dozen of the largest answers for all, and six for one caller. */
export const DEFAULT_ANSWER_MEMORY: AnswerMemoryLimits = { maxOfCaller: 32_000_000, maxOfAll: 128_000_000 };

/** Bounds what answers take until their clients have read them: docs/decisions/answer-memory.md. */
export interface AnswerMemory {
  /** Room for the largest answer of an operation, before it runs. @returns gives it back @throws PurserError RATE_LIMITED */
  reserve(holder: Holder, bytes: number): () => void;
  /**
   * Bytes that were handed to a socket. If the caller's, or all together, are too many, connections are cut that have
   * not read for longest: the caller's, or those of the caller with most.
   * @returns to call when they were sent or the socket has closed. Safe to call twice
   */
  unsent(holder: Holder, bytes: number, cut: () => void): () => void;
}

export function newHolder(): Holder {
  return { bytes: 0, unsentBytes: 0, unsent: new Set() };
}

export function createAnswerMemory({ maxOfCaller, maxOfAll } = DEFAULT_ANSWER_MEMORY): AnswerMemory {
  const holders = new Set<Holder>();
  let bytesOfAll = 0;
  let unsentOfAll = 0;

  function add(holder: Holder, bytes: number): void {
    holder.bytes += bytes;
    bytesOfAll += bytes;
    holders.add(holder);
  }

  function remove(holder: Holder, bytes: number): void {
    holder.bytes -= bytes;
    bytesOfAll -= bytes;
    if (holder.bytes === 0) holders.delete(holder);
  }

  /** If there is little room for all, each has the same share of it. */
  function isTooMuch(bytes: number): boolean {
    return bytes > maxOfCaller || (bytesOfAll > maxOfAll && bytes > maxOfAll / holders.size);
  }

  function sent(holder: Holder, entry: Unsent): void {
    if (!holder.unsent.delete(entry)) return;
    holder.unsentBytes -= entry.bytes;
    unsentOfAll -= entry.bytes;
    remove(holder, entry.bytes);
  }

  function cutLongestWaiting(holder: Holder): void {
    const [entry] = holder.unsent;
    if (entry === undefined) return;
    sent(holder, entry);
    entry.cut();
  }

  function withMostUnsent(one: Holder): Holder {
    let most = one;
    for (const holder of holders) if (holder.unsentBytes > most.unsentBytes) most = holder;
    return most;
  }

  return {
    reserve(holder, bytes) {
      // A caller that holds nothing gets room in any case: others cannot take it away.
      if (holder.bytes > 0 && isTooMuch(holder.bytes + bytes)) {
        throw rateLimited(
          'The answers that this caller has not read yet, or that are being made, are too large together. Read them, ask one after the other, or ask for less.',
          1,
        );
      }
      add(holder, bytes);
      let held = true;
      return () => {
        if (held) remove(holder, bytes);
        held = false;
      };
    },

    unsent(holder, bytes, cut) {
      const entry = { bytes, cut };
      holder.unsent.add(entry);
      holder.unsentBytes += bytes;
      unsentOfAll += bytes;
      add(holder, bytes);
      while (holder.unsentBytes > maxOfCaller) cutLongestWaiting(holder);
      while (unsentOfAll > maxOfAll) cutLongestWaiting(withMostUnsent(holder));
      return () => sent(holder, entry);
    },
  };
}
