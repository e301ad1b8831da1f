import { describe, expect, it } from 'vitest';
import {
  type AppendResult,
  type EventLog,
  type ExpectedRevision,
  WrongExpectedRevision,
} from '../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../support/events.ts';
import { rounds } from '../support/rounds.ts';
import { eventsAfter, type OpenLogs } from './event-log-store.ts';

const WRITERS = 100;
const VERSIONS = rounds({ usual: 50, torture: 500 });

/** All writers try for the same revision, over and over. Gives how many of them won each. */
async function winnersOf(replicas: readonly EventLog[], versions: number): Promise<number[]> {
  const stream = aStream('race');
  const winners: number[] = [];
  for (let version = 0; version < versions; version += 1) {
    const expected: ExpectedRevision = version === 0 ? 'no-stream' : version - 1;
    const attempts = await Promise.allSettled(
      Array.from({ length: WRITERS }, async (_none, writer) =>
        replicas[writer % replicas.length]?.append(stream, expected, [anEvent(`writer ${writer}`)]),
      ),
    );
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(WrongExpectedRevision);
    }
    winners.push(attempts.filter(({ status }) => status === 'fulfilled').length);
  }
  return winners;
}

/** The same append by many at once, for many keys. Gives the distinct revisions for each key. */
async function answersOf(replicas: readonly EventLog[], keys: number, callers: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: keys }, async (_none, key) => {
      const stream = aStream('keyed');
      const event = anEvent(`key ${key}`);
      const answers: (AppendResult | undefined)[] = await Promise.all(
        Array.from({ length: callers }, (_nobody, caller) =>
          replicas[caller % replicas.length]?.append(stream, 'any', [event]),
        ),
      );
      return new Set(answers.map((answer) => answer?.revision)).size;
    }),
  );
}

export function describeRaces(logs: () => OpenLogs): void {
  describe('races', () => {
    it(`of ${WRITERS} writers on two replicas over ${VERSIONS} versions of a stream have exactly one winner each`, async () => {
      const winners = await winnersOf([logs().log, logs().other], VERSIONS);
      expect(winners).toEqual(Array.from({ length: VERSIONS }, () => 1));
    });

    it('are found to have many winners if revisions are ignored', async () => {
      const { log } = logs();
      const unguarded: EventLog = { ...log, append: (stream, _expected, events) => log.append(stream, 'any', events) };
      expect(await winnersOf([unguarded], 2)).toEqual([WRITERS, WRITERS]);
    });

    it('of 100 equal appends for each of 50 keys make 50 events and one answer for each key', async () => {
      const { log, other } = logs();
      const before = await log.head();
      expect(await answersOf([log, other], 50, 100)).toEqual(Array.from({ length: 50 }, () => 1));
      expect(await eventsAfter(log, before)).toHaveLength(50);
    });

    it('of equal appends are found to have many answers if each attempt gets a new id', async () => {
      const { log } = logs();
      const forgetful: EventLog = {
        ...log,
        append: (stream, expected) => log.append(stream, expected, [anEvent()]),
      };
      expect(await answersOf([forgetful], 1, 10)).toEqual([10]);
    });
  });
}
