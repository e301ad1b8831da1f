import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeAs, decodeEvent, type StoredEvent, UndecodableEvent } from '../../src/domain/event-codec.ts';
import { EVENT_TYPES, type EventType, schemaVersionOf } from '../../src/domain/events.ts';

const folder = new URL('./golden-events/', import.meta.url);
/** One file for each schema version that was ever written. Never edit them: logs hold such events. */
const golden = readdirSync(folder).map((name) => ({
  name,
  stored: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as StoredEvent,
}));

const isCurrent = ({ stored }: { readonly stored: StoredEvent }): boolean =>
  stored.schemaVersion === schemaVersionOf(stored.type as EventType);

describe('decoding stored events', () => {
  it.each(golden.filter(isCurrent))('reads $name as it was written', ({ stored }) => {
    expect(decodeEvent(stored)).toEqual({ type: stored.type, data: stored.data });
  });

  it.for(golden.filter((event) => !isCurrent(event)))('keeps every field of $name', ({ stored }) => {
    expect(decodeEvent(stored)).toMatchObject({ type: stored.type, data: stored.data });
  });

  it('has an example of every version of every type', () => {
    const expected = (Object.keys(EVENT_TYPES) as EventType[]).flatMap((type) =>
      Array.from({ length: schemaVersionOf(type) }, (_, index) => `${type}.${index + 1}.json`),
    );
    expect(golden.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it.each([
    ['of an unknown type', { type: 'RegistryPainted', schemaVersion: 1, data: {} }],
    ['with the name of an inherited property', { type: 'constructor', schemaVersion: 1, data: {} }],
    ['of a later version', { type: 'RegistryDeleted', schemaVersion: 2, data: {} }],
    ['of a version that never existed', { type: 'RegistryDeleted', schemaVersion: 0, data: {} }],
    ['without data', { type: 'RegistryDeleted', schemaVersion: 1, data: null }],
  ])('refuses an event %s', (_which, stored) => {
    expect(() => decodeEvent(stored)).toThrow(UndecodableEvent);
  });
});

describe('an event of an older shape', () => {
  const definitions = {
    RegistryPainted: {
      upcasters: [
        (data: unknown) => ({ ...(data as object), coats: 1 }),
        (data: unknown) => ({ ...(data as object), coats: [(data as { coats: number }).coats] }),
      ],
    },
  };
  const decoded = (schemaVersion: number, data: object) =>
    decodeAs(definitions, { type: 'RegistryPainted', schemaVersion, data });

  it('goes through every upcaster from its version on, in order', () => {
    expect(decoded(1, { colour: 'red' })).toEqual({ type: 'RegistryPainted', data: { colour: 'red', coats: [1] } });
    expect(decoded(2, { colour: 'red', coats: 2 })).toMatchObject({ data: { colour: 'red', coats: [2] } });
    expect(decoded(3, { colour: 'red', coats: [3] })).toMatchObject({ data: { colour: 'red', coats: [3] } });
  });

  it('has the version after its last upcaster as its current one', () => {
    expect(() => decoded(4, {})).toThrow(UndecodableEvent);
    expect(() => decoded(1.5, {})).toThrow(UndecodableEvent);
  });
});
