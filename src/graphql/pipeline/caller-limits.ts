import { LRUCache } from 'lru-cache';
import { rateLimited } from '../../domain/errors.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';

export interface CallerLimitsOptions {
  /** What a caller's operations may cost a second; 0 for no limit. An answer's values cost one each. */
  readonly costPerSecond: number;
  /** Queries and mutations of one caller that run at the same time. */
  readonly maxRunning?: number;
  /** Milliseconds since any moment. */
  readonly clock?: () => number;
}

export interface CallerLimits {
  /** For work that is done in any case. @throws PurserError RATE_LIMITED */
  charge(caller: Principal, cost: number): void;
  /** Charges an operation before it runs. @returns what to call when it has ended @throws PurserError RATE_LIMITED */
  start(caller: Principal, cost: number): () => void;
}

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
}

/** Budgets of callers in this process: no caller can keep it busy with costly documents, or fill its queues. */
export function createCallerLimits(options: CallerLimitsOptions): CallerLimits {
  const { costPerSecond, maxRunning = MAX_RUNNING, clock = () => performance.now() } = options;
  const burst = costPerSecond * BURST_SECONDS;
  const accounts = new LRUCache<string, Account>({ max: REMEMBERED_CALLERS });

  function accountOf(principal: Principal): Account {
    const key = callerKey(principal);
    const known = accounts.get(key);
    if (known !== undefined) return known;
    const account = { left: burst, at: clock(), running: 0 };
    accounts.set(key, account);
    return account;
  }

  function spend(account: Account, cost: number): void {
    if (costPerSecond === 0) return;
    const now = clock();
    account.left = Math.min(burst, account.left + ((now - account.at) / 1000) * costPerSecond);
    account.at = now;
    if (account.left <= 0) {
      throw rateLimited(
        'The operations of this token cost more than one caller may use. Wait, or ask for less: smaller pages, fewer fields.',
        -account.left / costPerSecond,
      );
    }
    account.left -= cost;
  }

  return {
    charge: (caller, cost) => spend(accountOf(caller), cost),

    start(caller, cost) {
      const account = accountOf(caller);
      if (account.running >= maxRunning) {
        throw rateLimited(`One caller may run at most ${maxRunning} operations at once. Wait for their answers.`, 1);
      }
      spend(account, cost);
      account.running += 1;
      return () => {
        account.running -= 1;
      };
    },
  };
}
