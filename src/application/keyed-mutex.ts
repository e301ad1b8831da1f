import { rateLimited } from '../domain/errors.ts';
import { callerKey } from '../domain/permissions.ts';
import type { RequestContext } from './request-context.ts';

/** Commands of one caller that wait in one project. Further ones are refused. */
const MAX_WAITING = 200;

export interface Turn {
  readonly key: string;
  readonly projectId: string;
  readonly context: Pick<RequestContext, 'principal' | 'time'>;
}

export interface KeyedMutex {
  /**
   * Runs the task while no other task of the same key runs. Callers take turns, so that one with many commands does not
   * hold up the others. A task whose time is over when its turn comes does not run. @throws PurserError RATE_LIMITED, UNAVAILABLE
   */
  runExclusive<Result>(turn: Turn, task: () => Promise<Result>): Promise<Result>;
}

type Start = () => void;

/** Runs one process's commands on a registry in sequence: in parallel they would only cause revision conflicts. */
export function createKeyedMutex(): KeyedMutex {
  /** The keys of running tasks, with those that wait: by caller, and in the order of their turns. */
  const queues = new Map<string, Map<string, Start[]>>();
  const waiting = new Map<string, number>();

  /** Resolves when it is the caller's turn. */
  async function enter({ key, projectId, context: { principal } }: Turn): Promise<void> {
    const queue = queues.get(key);
    if (queue === undefined) {
      queues.set(key, new Map());
      return;
    }
    const caller = callerKey(principal);
    const place = JSON.stringify([caller, projectId]);
    const before = waiting.get(place) ?? 0;
    if (before >= MAX_WAITING) {
      throw rateLimited('Too many changes of this caller wait in this project. Wait for their answers.', 1);
    }
    waiting.set(place, before + 1);
    await new Promise<void>((start) => {
      const own = queue.get(caller);
      if (own === undefined) queue.set(caller, [start]);
      else own.push(start);
    });
    const left = (waiting.get(place) ?? 1) - 1;
    if (left === 0) waiting.delete(place);
    else waiting.set(place, left);
  }

  function leave(key: string): void {
    const [next] = queues.get(key) ?? [];
    if (next === undefined) {
      queues.delete(key);
      return;
    }
    const [caller, starts] = next;
    const queue = queues.get(key);
    const start = starts.shift();
    // To the end of the callers: maps keep the order of insertion.
    queue?.delete(caller);
    if (starts.length > 0) queue?.set(caller, starts);
    start?.();
  }

  return {
    async runExclusive(turn, task) {
      await enter(turn);
      try {
        turn.context.time?.requireLeft();
        return await task();
      } finally {
        leave(turn.key);
      }
    },
  };
}
