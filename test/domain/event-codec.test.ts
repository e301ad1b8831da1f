import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeEvent, type StoredEvent, UndecodableEvent } from '../../src/domain/event-codec.ts';
import { type EventType, SCHEMA_VERSIONS } from '../../src/domain/events.ts';

const folder = new URL('./golden-events/', import.meta.url);
/** One file for each schema version that was ever written. They are never edited: logs hold such events. */
const golden = readdirSync(folder).map((name) => ({
  name,
  stored: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as StoredEvent,
}));

const isCurrent = ({ stored }: { readonly stored: StoredEvent }): boolean =>
  stored.schemaVersion === SCHEMA_VERSIONS[stored.type as EventType];

describe('decoding stored events', () => {
  it.each(golden.filter(isCurrent))('reads $name as it was written', ({ stored }) => {
    expect(decodeEvent(stored)).toEqual({ type: stored.type, data: stored.data });
  });

  it.each(golden.filter((event) => !isCurrent(event)))('keeps every field of $name', ({ stored }) => {
    expect(decodeEvent(stored)).toMatchObject({ type: stored.type, data: stored.data });
  });

  it.each(['RegistryCreated', 'RegistryUpdated', 'CredentialRotated'])(
    'takes the credential of a first %s as one without warnings, whose password is stored',
    (type) => {
      const stored = golden.find(({ name }) => name === `${type}.1.json`)?.stored;
      if (!stored) throw new Error(`there is no first ${type}`);
      expect(decodeEvent(stored).data).toMatchObject({ credential: { warnings: [], mint: null } });
    },
  );

  it('takes a first update without a credential as one', () => {
    const data = { registryId: 'a', changes: { name: 'ours' }, expiry: null, credential: null };
    expect(decodeEvent({ type: 'RegistryUpdated', schemaVersion: 1, data }).data).toEqual(data);
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
