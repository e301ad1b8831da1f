import { LRUCache } from 'lru-cache';
import { rateLimited } from '../../domain/errors.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';
import type { Cost } from './answer-cost.ts';
import { type AnswerMemoryLimits, createAnswerMemory, type Holder, newHolder } from './answer-memory.ts';

export interface CallerLimitsOptions {
  /** What a caller's operations may cost a second; 0 for no limit. */
  readonly costPerSecond: number;
  /** Queries and mutations of one caller that run, or whose answers were not sent yet. */
  readonly maxRunning?: number;
  /** Default: `DEFAULT_ANSWER_MEMORY`. */
  readonly memory?: AnswerMemoryLimits | undefined;
  /** Milliseconds since any moment. */
  readonly clock?: () => number;
}

export interface CallerLimits {
  /** For work that is done in any case. @throws PurserError RATE_LIMITED */
  charge(caller: Principal, cost: number): void;
  /** For what is not refused but waits, such as events. @returns milliseconds until the budget has made up for it */
  owe(caller: Principal, cost: number): number;
  /** For one query or mutation. */
  slot(caller: Principal): Slot;
  /** Counts bytes that were handed to a socket: see `AnswerMemory`. */
  unsent(caller: Principal, bytes: number, cut: () => void): () => void;
}

/** From the start of an operation until its client has the answer. */
export interface Slot {
  /** Charges for the largest answer, and takes room for it. @throws PurserError RATE_LIMITED */
  start(largest: Cost): void;
  /** The answer is made: gives back what the largest one would have taken and cost more than this one. */
  settle(bytes: number): void;
  /** The answer was sent, or its connection is closed. Safe to call twice. */
  end(): void;
}

/** Of the smallest operation, as values of an answer. */
const OPERATION_COST = 20;
/** An answer of 5 MB costs 50,000: as much as one with so many values. */
const BYTES_OF_ONE_COST = 100;
/** What a caller can spend at once after a pause, as seconds of `costPerSecond`. */
const BURST_SECONDS = 5;
const MAX_RUNNING = 500;
/** A caller that is forgotten has its whole budget again. */
const REMEMBERED_CALLERS = 10_000;

interface Account {
  /** Negative after an operation that cost more than was left. */
  left: number;
  at: number;
  running: number;
  readonly holder: Holder;
}

/** What an answer costs: one for each value and for each hundred bytes. */
export function costOf({ fields, bytes }: Cost): number {
  return fields + bytes / BYTES_OF_ONE_COST;
}

/** Budgets of callers in this process: no caller can keep it busy with costly documents, or fill its queues or its memory. */
export function createCallerLimits(options: CallerLimitsOptions): CallerLimits {
  const { costPerSecond, maxRunning = MAX_RUNNING, clock = () => performance.now() } = options;
  const burst = costPerSecond * BURST_SECONDS;
  const accounts = new LRUCache<string, Account>({ max: REMEMBERED_CALLERS });
  const memory = createAnswerMemory(options.memory);

  function accountOf(principal: Principal): Account {
    const key = callerKey(principal);
    const known = accounts.get(key);
    if (known !== undefined) return known;
    const account = { left: burst, at: clock(), running: 0, holder: newHolder() };
    accounts.set(key, account);
    return account;
  }

  function refill(account: Account): void {
    const now = clock();
    account.left = Math.min(burst, account.left + ((now - account.at) / 1000) * costPerSecond);
    account.at = now;
  }

  function spend(account: Account, cost: number): void {
    if (costPerSecond === 0) return;
    refill(account);
    if (account.left <= 0) {
      throw rateLimited(
        'The operations of this token cost more than one caller may use. Wait, or ask for less: smaller pages, fewer fields.',
        -account.left / costPerSecond,
      );
    }
    account.left -= cost;
  }

  function createSlot(account: Account): Slot {
    let phase: 'new' | 'running' | 'settled' | 'ended' = 'new';
    let reserved = 0;
    let giveBack: () => void = () => undefined;
    return {
      start(largest) {
        if (account.running >= maxRunning) {
          throw rateLimited(`One caller may run at most ${maxRunning} operations at once. Wait for their answers.`, 1);
        }
        giveBack = memory.reserve(account.holder, largest.bytes);
        try {
          spend(account, OPERATION_COST + costOf(largest));
        } catch (error) {
          giveBack();
          throw error;
        }
        reserved = largest.bytes;
        account.running += 1;
        phase = 'running';
      },
      settle(bytes) {
        if (phase !== 'running') return;
        phase = 'settled';
        giveBack();
        if (costPerSecond > 0) account.left += costOf({ fields: 0, bytes: reserved - bytes });
      },
      end() {
        giveBack();
        if (phase === 'running' || phase === 'settled') account.running -= 1;
        phase = 'ended';
      },
    };
  }

  return {
    charge: (caller, cost) => spend(accountOf(caller), cost),

    owe(caller, cost) {
      if (costPerSecond === 0) return 0;
      const account = accountOf(caller);
      refill(account);
      account.left -= cost;
      return Math.max(0, (-account.left / costPerSecond) * 1000);
    },

    slot: (caller) => createSlot(accountOf(caller)),
    unsent: (caller, bytes, cut) => memory.unsent(accountOf(caller).holder, bytes, cut),
  };
}
