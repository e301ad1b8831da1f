import { afterAll, beforeAll, describe } from 'vitest';
import { describeAppending } from './event-log-appending.ts';
import { describeConnectionLoss } from './event-log-connection-loss.ts';
import { describeCopies } from './event-log-copies.ts';
import { describeModel } from './event-log-model.ts';
import { describeRaces } from './event-log-races.ts';
import { describeReading } from './event-log-reading.ts';
import type { EventLogStore, OpenLogs, RemoteEventLogStore } from './event-log-store.ts';

/** What every event log must do, whatever it is made of. */
export function describeEventLogContract(name: string, makeStore: () => Promise<EventLogStore>): void {
  describe(`event log: ${name}`, () => {
    describeLogs(openedLogs(makeStore));
  });
}

/** The same, for a store whose connections can break. */
export function describeRemoteEventLogContract(name: string, makeStore: () => Promise<RemoteEventLogStore>): void {
  describe(`event log: ${name}`, () => {
    const logs = openedLogs(makeStore);
    describeLogs(logs);
    describeConnectionLoss(logs);
  });
}

function openedLogs<Store extends EventLogStore>(makeStore: () => Promise<Store>): () => OpenLogs<Store> {
  let logs: OpenLogs<Store>;
  beforeAll(async () => {
    const store = await makeStore();
    logs = { store, log: store.open(), other: store.open() };
  });
  afterAll(async () => {
    await Promise.all([logs.log.close(), logs.other.close()]);
    await logs.store.close();
  });
  return () => logs;
}

function describeLogs(logs: () => OpenLogs): void {
  describeAppending(logs);
  describeReading(logs);
  describeRaces(logs);
  describeModel(logs);
  describeCopies(logs);
}
