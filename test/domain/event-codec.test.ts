import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeEvent, type StoredEvent, UndecodableEvent } from '../../src/domain/event-codec.ts';
import { SCHEMA_VERSIONS } from '../../src/domain/events.ts';

const folder = new URL('./golden-events/', import.meta.url);
/** One file for each schema version that was ever written. They are never edited: logs hold such events. */
const golden = readdirSync(folder).map((name) => ({
  name,
  stored: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as StoredEvent,
}));

describe('decoding stored events', () => {
  it.each(golden)('reads $name as it was written', ({ stored }) => {
    expect(decodeEvent(stored)).toEqual({ type: stored.type, data: stored.data });
  });

  it('has an example of every version of every type', () => {
    const expected = Object.entries(SCHEMA_VERSIONS).flatMap(([type, current]) =>
      Array.from({ length: current }, (_, index) => `${type}.${index + 1}.json`),
    );
    expect(golden.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it.each([
    ['of an unknown type', { type: 'RegistryPainted', schemaVersion: 1, data: {} }],
    ['with the name of an inherited property', { type: 'constructor', schemaVersion: 1, data: {} }],
    ['of a later version', { type: 'RegistryDeleted', schemaVersion: 2, data: {} }],
    ['of a version that never was', { type: 'RegistryDeleted', schemaVersion: 0, data: {} }],
    ['without data', { type: 'RegistryDeleted', schemaVersion: 1, data: null }],
  ])('refuses an event %s', (_which, stored) => {
    expect(() => decodeEvent(stored)).toThrow(UndecodableEvent);
  });
});
