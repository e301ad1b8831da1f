import type { EventLog } from '../../src/application/ports/event-log.ts';

/** Does something after a matching append was written, and before it is answered. */
export function doingAfter(isMeant: (stream: string) => boolean, something: () => Promise<unknown>) {
  let isDone = false;
  return (log: EventLog): EventLog => ({
    ...log,
    async append(stream, expected, events) {
      const result = await log.append(stream, expected, events);
      if (!isDone && isMeant(stream)) {
        isDone = true;
        await something();
      }
      return result;
    },
  });
}

/** Does something before the first matching append is written, which was decided already. */
export function doingBefore(isMeant: (stream: string) => boolean, something: () => Promise<unknown>) {
  let isDone = false;
  return (log: EventLog): EventLog => ({
    ...log,
    async append(stream, expected, events) {
      if (!isDone && isMeant(stream)) {
        isDone = true;
        await something();
      }
      return log.append(stream, expected, events);
    },
  });
}
