export interface KeyedMutex {
  /** Runs the task after all earlier tasks of the same key have settled. */
  runExclusive<Result>(key: string, task: () => Promise<Result>): Promise<Result>;
}

/** Runs one process's commands on a registry in sequence: in parallel they would only cause revision conflicts. */
export function createKeyedMutex(): KeyedMutex {
  const last = new Map<string, Promise<unknown>>();
  return {
    runExclusive(key, task) {
      const turn = (last.get(key) ?? Promise.resolve()).then(task, task);
      last.set(key, turn);
      const leave = () => {
        if (last.get(key) === turn) last.delete(key);
      };
      turn.then(leave, leave);
      return turn;
    },
  };
}
