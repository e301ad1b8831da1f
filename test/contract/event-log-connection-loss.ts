import { describe, expect, it } from 'vitest';
import type { AppendResult, EventLog, EventToAppend, Position } from '../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { type Cut, type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { anEvent, aStream } from '../support/events.ts';
import { rounds } from '../support/rounds.ts';
import { eventsAfter, type OpenLogs, type RemoteEventLogStore } from './event-log-store.ts';

const CUTS = rounds({ usual: 100, torture: 500 });
/** Each with a separate log and proxy. */
const CLIENTS = 10;
/** Appends that are running at each cut. */
const APPENDS = 3;

function randomCut(): Cut {
  // Most come after the whole request was sent: the store then carries it out, but no answer arrives.
  if (Math.random() < 0.8) return { kind: 'answer', afterMs: Math.random() * 4 };
  return { kind: 'request', share: Math.random() };
}

interface Acknowledged {
  readonly stream: string;
  readonly event: EventToAppend;
  readonly result: AppendResult;
}

type Append = (log: EventLog, stream: string, event: EventToAppend) => Promise<AppendResult>;

/** As the port asks: an unknown outcome is retried with the same ids. */
const retrying: Append = async (log, stream, event) => {
  for (;;) {
    try {
      return await log.append(stream, 'no-stream', [event]);
    } catch (error) {
      if (!(error instanceof EventLogUnavailable)) throw error;
    }
  }
};

/** Appends while the connection breaks again and again. @returns the acknowledged events */
async function appendWhileCutting(log: EventLog, proxy: CuttingProxy, cuts: number, append: Append) {
  const acknowledged: Acknowledged[] = [];
  for (let round = 1; proxy.cuts < cuts; round += 1) {
    // A connection stands again: the next bytes are those of the append.
    await append(log, aStream('between'), anEvent());
    proxy.arm(randomCut());
    // Now and then more of them in a row than the log tries again by itself.
    if (round % 10 === 0) proxy.arm(randomCut(), randomCut());
    await Promise.all(
      Array.from({ length: APPENDS }, async () => {
        const [stream, event] = [aStream('cut'), anEvent()];
        acknowledged.push({ stream, event, result: await append(log, stream, event) });
      }),
    );
  }
  return acknowledged;
}

/** Ids in the log after a position, of the streams that were cut. */
async function idsAfter(log: EventLog, start: Position): Promise<string[]> {
  const events = await eventsAfter(log, start);
  return events.filter(({ stream }) => stream.startsWith('cut-')).map(({ id }) => id);
}

export function describeConnectionLoss(logs: () => OpenLogs<RemoteEventLogStore>): void {
  async function withClients<Result>(count: number, use: (log: EventLog, proxy: CuttingProxy) => Promise<Result>) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const proxy = await startCuttingProxy(logs().store.server);
        const log = logs().store.openThrough(proxy.port);
        try {
          return await use(log, proxy);
        } finally {
          await log.close();
          await proxy.close();
        }
      }),
    );
  }

  describe('connections that break', () => {
    it(`${CUTS} times under appends lose nothing, double nothing, and a retry gets the same answer`, async () => {
      const { log: direct } = logs();
      const start = await direct.head();
      const perClient = await withClients(CLIENTS, async (log, proxy) => {
        const acknowledged = await appendWhileCutting(log, proxy, CUTS / CLIENTS, retrying);
        for (const { stream, event, result } of acknowledged) {
          expect((await retrying(log, stream, event)).revision).toBe(result.revision);
        }
        return acknowledged;
      });
      const acknowledged = perClient.flat().map(({ event }) => event.id);
      expect((await idsAfter(direct, start)).toSorted()).toEqual(acknowledged.toSorted());
    });

    it('are found to double events if a retry gets a new id', async () => {
      const { log: direct } = logs();
      const start = await direct.head();
      await withClients(1, async (log, proxy) => {
        await log.append(aStream('between'), 'any', [anEvent()]);
        const stream = aStream('cut');
        const lateCut: Cut = { kind: 'answer', afterMs: 1_000 };
        // More than the log tries again by itself.
        proxy.arm(...Array.from({ length: 20 }, () => lateCut));
        await expect(log.append(stream, 'no-stream', [anEvent()])).rejects.toThrow(EventLogUnavailable);
        proxy.disarm();
        await log.append(stream, 'any', [anEvent()]);
      });
      expect(await idsAfter(direct, start)).toHaveLength(2);
    });

    it('for good make an append fail as unavailable in the end, and it works again when the store is back', async () => {
      await withClients(1, async (log, proxy) => {
        const [stream, event] = [aStream(), anEvent()];
        proxy.goDown();
        await expect(log.append(stream, 'no-stream', [event])).rejects.toThrow(EventLogUnavailable);
        await expect(log.readStream(stream, { fromRevision: 0, maxCount: 1 })).rejects.toThrow(EventLogUnavailable);
        await expect(log.head()).rejects.toThrow(EventLogUnavailable);
        proxy.comeBack();
        const { revision } = await log.append(stream, 'no-stream', [event]);
        expect(revision).toBe(0);
        expect(await log.readStream(stream, { fromRevision: 0, maxCount: 2 })).toHaveLength(1);
      });
    });
  });
}
