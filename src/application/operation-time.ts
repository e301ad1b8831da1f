import { unavailable } from '../domain/errors.ts';

/** How long one query or mutation may wait for the service's own stores and queues, in all. Milliseconds. */
export const OPERATION_MS = 10_000;
/** How long it may take after that to write down that it failed, or to undo what it began. Milliseconds. */
export const AFTERWARDS_MS = 2_000;
/** While it waits for others, it looks so often whether it goes on. Milliseconds. */
const LOOK_AGAIN_MS = 50;

/**
 * The time of one query or mutation, which all its steps share: however many of them wait for a store that hangs, its caller
 * is answered in time.
 */
export interface OperationTime {
  /** Milliseconds; negative when it is over. */
  readonly leftMs: number;
  /** @throws PurserError UNAVAILABLE if the time is over */
  requireLeft(): void;
  /**
   * Waits for the work until so long after the end. Work that takes longer goes on, and its result is dropped.
   * @param graceMs default: 0 @throws PurserError UNAVAILABLE
   */
  limit<Result>(work: Promise<Result>, graceMs?: number): Promise<Result>;
  /** Waits for servers of others, such as a registry or a cloud: they have limits, and their time does not count. */
  elsewhere<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function startOperationTime(limitMs = OPERATION_MS): OperationTime {
  let until = performance.now() + limitMs;
  /** Calls to others that are under way, and since when there is one. */
  let away = 0;
  let awaySince = 0;

  const leftMs = () => until - (away > 0 ? awaySince : performance.now());

  return {
    get leftMs() {
      return leftMs();
    },

    requireLeft() {
      if (leftMs() <= 0) throw overdue();
    },

    async limit(work, graceMs = 0) {
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<never>((_, reject) => {
        const look = () => {
          const left = leftMs() + graceMs;
          if (left <= 0) reject(overdue());
          else timer = setTimeout(look, away > 0 ? Math.max(left, LOOK_AGAIN_MS) : left);
        };
        look();
      });
      try {
        return await Promise.race([work, over]);
      } finally {
        clearTimeout(timer);
      }
    },

    async elsewhere(work) {
      if (away === 0) awaySince = performance.now();
      away += 1;
      try {
        return await work();
      } finally {
        away -= 1;
        if (away === 0) until += performance.now() - awaySince;
      }
    },
  };
}

/** What has the time of an operation, if it belongs to one. */
export interface Timed {
  readonly time?: OperationTime | undefined;
}

/** `OperationTime.limit`, for work that may belong to no operation. */
export function limited<Result>({ time }: Timed, work: Promise<Result>, graceMs?: number): Promise<Result> {
  return time === undefined ? work : time.limit(work, graceMs);
}

/** `OperationTime.elsewhere`, likewise. */
export function elsewhere<Result>({ time }: Timed, work: () => Promise<Result>): Promise<Result> {
  return time === undefined ? work() : time.elsewhere(work);
}

function overdue() {
  return unavailable(
    'The service did not finish this in time, and it may have happened all the same. Try again, with the same idempotencyKey if it has one.',
  );
}
