import { afterAll, beforeAll, describe } from 'vitest';
import { describeAppending } from './event-log-appending.ts';
import { describeConnectionLoss } from './event-log-connection-loss.ts';
import { describeModel } from './event-log-model.ts';
import { describeRaces } from './event-log-races.ts';
import { describeReading } from './event-log-reading.ts';
import type { EventLogStore, OpenLogs } from './event-log-store.ts';

/** What every event log must do, whatever it is made of. */
export function describeEventLogContract(name: string, makeStore: () => Promise<EventLogStore>): void {
  describe(`event log: ${name}`, () => {
    let logs: OpenLogs;
    beforeAll(async () => {
      const store = await makeStore();
      logs = { store, log: store.open(), other: store.open() };
    });
    afterAll(async () => {
      await Promise.all([logs.log.close(), logs.other.close()]);
      await logs.store.close();
    });

    describeAppending(() => logs);
    describeReading(() => logs);
    describeRaces(() => logs);
    describeModel(() => logs);
    describeConnectionLoss(() => logs);
  });
}
