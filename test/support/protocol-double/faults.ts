import { setTimeout as delay } from 'node:timers/promises';

/** What the protocol double is told to do wrong. */
export type Fault =
  /**
   * The next calls of this kind break their connection: before the append is taken, or after it, so that the client
   * cannot know. A read breaks before its first event, or after it.
   */
  | { readonly kind: 'cut'; readonly call: 'write' | 'read'; readonly when: 'before' | 'after'; readonly calls: number }
  /** Calls get no answer; pings do. With `takes`, appends are taken all the same. Default: reads as well as writes. */
  | { readonly kind: 'hang'; readonly takes: boolean; readonly calls?: 'write' }
  /** Reads with a filter get no answer, as if the server had too much to look through. */
  | { readonly kind: 'hang-filtered' }
  /** Appends wait until they are released, whether their sender is still there or not. Other calls are answered. */
  | { readonly kind: 'hold' }
  /** Every answer takes this long. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Whoever asks for the members of the cluster is told that the server is not ready. */
  | { readonly kind: 'no-gossip' }
  /** Nobody may read all streams. */
  | { readonly kind: 'no-all' }
  /** Nobody may write. */
  | { readonly kind: 'no-writes' };

export interface Faults {
  add(fault: Fault): void;
  /** Calls that hang stay without an answer, and so do appends that are held. */
  clear(): void;
  /** Appends that are held are taken, or dropped without an answer; later ones pass. */
  release(takes: boolean): void;
  /** How many appends are held. */
  readonly held: number;
  /** Resolves at once, or when a held append is released: whether it is to be taken. */
  passed(): Promise<boolean>;
  /** Takes one of the cuts that wait for such a call. */
  takeCut(call: 'write' | 'read'): 'before' | 'after' | undefined;
  readonly hangs: { readonly takes: boolean; readonly calls?: 'write' } | undefined;
  readonly hangsFiltered: boolean;
  readonly gossips: boolean;
  readonly allowsAll: boolean;
  readonly allowsWrites: boolean;
  /** Waits as long as an answer is to take. */
  slow(): Promise<void>;
}

export function createFaults(): Faults {
  let cuts: { call: 'write' | 'read'; when: 'before' | 'after' }[] = [];
  let hangs: Faults['hangs'];
  let hangsFiltered = false;
  let holds = false;
  let held: ((takes: boolean) => void)[] = [];
  let slowMs = 0;
  let gossips = true;
  let allowsAll = true;
  let allowsWrites = true;

  function release(takes: boolean): void {
    const waiting = held;
    holds = false;
    held = [];
    for (const pass of waiting) pass(takes);
  }

  return {
    add(fault) {
      switch (fault.kind) {
        case 'cut':
          cuts.push(...Array.from({ length: fault.calls }, () => ({ call: fault.call, when: fault.when })));
          return;
        case 'hang':
          hangs = fault;
          return;
        case 'hang-filtered':
          hangsFiltered = true;
          return;
        case 'hold':
          holds = true;
          return;
        case 'slow':
          slowMs = fault.ms;
          return;
        case 'no-gossip':
          gossips = false;
          return;
        case 'no-all':
          allowsAll = false;
          return;
        case 'no-writes':
          allowsWrites = false;
          return;
        default:
          return unknownFault(fault);
      }
    },
    clear() {
      cuts = [];
      hangs = undefined;
      release(false);
      slowMs = 0;
      gossips = true;
      allowsAll = true;
      allowsWrites = true;
      hangsFiltered = false;
    },
    release,
    get held() {
      return held.length;
    },
    async passed() {
      if (!holds) return true;
      return new Promise((resolve) => {
        held.push(resolve);
      });
    },
    takeCut(call) {
      const index = cuts.findIndex((cut) => cut.call === call);
      return index < 0 ? undefined : cuts.splice(index, 1)[0]?.when;
    },
    get hangs() {
      return hangs;
    },
    get hangsFiltered() {
      return hangsFiltered;
    },
    get gossips() {
      return gossips;
    },
    get allowsAll() {
      return allowsAll;
    },
    get allowsWrites() {
      return allowsWrites;
    },
    async slow() {
      if (slowMs > 0) await delay(slowMs);
    },
  };
}

function unknownFault(fault: never): never {
  throw new Error(`unknown fault ${JSON.stringify(fault)}`);
}
