import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareAppend } from '../../../src/adapters/event-log/prepare-append.ts';
import type { StoreEvent } from '../../../src/adapters/kurrentdb/client-api.ts';
import {
  newStoreEvents,
  positionOf,
  storePositionOf,
  streamEventOf,
} from '../../../src/adapters/kurrentdb/stored-form.ts';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { anEvent } from '../../support/events.ts';

const half = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const pair = fc.record({ commit: half, prepare: half });

function read(event: Partial<StoreEvent>): StoreEvent {
  const created = new Date('2026-01-02T03:04:05.678Z');
  return { id: 'x', type: 'T', streamId: 'p.s', revision: 0n, created, data: null, metadata: undefined, ...event };
}

describe('positions of the store', () => {
  it('become one number that compares as the pair does, and the pair again', () => {
    fc.assert(
      fc.property(pair, pair, (one, two) => {
        const before = one.commit < two.commit || (one.commit === two.commit && one.prepare < two.prepare);
        expect(positionOf(one) < positionOf(two)).toBe(before);
        if (positionOf(one) !== BEGINNING) expect(storePositionOf(positionOf(one))).toEqual(one);
      }),
    );
    expect(storePositionOf(BEGINNING)).toBe('start');
    expect(String(positionOf({ commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n }))).toHaveLength(39);
  });
});

describe('an event in the store', () => {
  it('has the text of its data again when it is read, whatever that holds', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const written = JSON.stringify(JSON.parse(text));
        expect(streamEventOf(read({ data: JSON.parse(written) }), 'p.').json).toBe(written);
      }),
    );
  });

  it('is made of plain values: a bigint is refused before the client has it', () => {
    const event = anEvent();
    const damaged = { ...event, event: { ...event.event, data: { ...event.event.data, runId: 1n } } };
    // @ts-expect-error No domain event can hold one.
    expect(() => newStoreEvents(prepareAppend('s', 'any', [damaged]))).toThrow(TypeError);
  });

  it.each([undefined, null, 7, 'text', [], { schemaVersion: 'x', occurredAt: 7, purser: 'no' }])(
    'that somebody else wrote is read, with metadata %j',
    (metadata) => {
      expect(streamEventOf(read({ metadata, data: 'not an object' }), 'p.')).toMatchObject({
        stream: 's',
        schemaVersion: 0,
        occurredAt: '2026-01-02T03:04:05.678Z',
        metadata: { projectId: null, mac: null },
      });
    },
  );
});
