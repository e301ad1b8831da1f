export interface KeyedMutex {
  /** Runs the task when all tasks of the key that came before have ended, however they ended. */
  runExclusive<Result>(key: string, task: () => Promise<Result>): Promise<Result>;
}

/** Commands of one process on one registry, one after the other: they would only refuse each other's revisions. */
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
