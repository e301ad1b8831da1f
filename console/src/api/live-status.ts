import type { LiveState } from './follow.ts';

/** The state of all that the page follows; `idle` while it follows nothing. */
export type LiveStatus = LiveState | 'idle';

export interface LiveStatusStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly get: () => LiveStatus;
  /** One that follows. @returns how it tells its state, and that it has ended (`undefined`) */
  readonly add: () => (state: LiveState | undefined) => void;
}

const WORST_FIRST: readonly LiveState[] = ['offline', 'reconnecting', 'stopped', 'live'];

export function createLiveStatus(): LiveStatusStore {
  const listeners = new Set<() => void>();
  const states = new Map<symbol, LiveState>();
  let status: LiveStatus = 'idle';

  function settle(): void {
    const present = new Set(states.values());
    const next = WORST_FIRST.find((state) => present.has(state)) ?? 'idle';
    if (next === status) return;
    status = next;
    for (const listener of listeners) listener();
  }

  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get: () => status,
    add: () => {
      const id = Symbol('follower');
      return (state) => {
        if (state === undefined) states.delete(id);
        else states.set(id, state);
        settle();
      };
    },
  };
}
