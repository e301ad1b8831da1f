import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventAuthenticator } from '../../../src/adapters/vault/event-authenticator.ts';
import { authenticStreams } from '../../../src/application/log/authentic-events.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import type { StreamEvent } from '../../../src/application/ports/event-log.ts';
import { healthStream, registryId, registryStream, reissueStream } from '../../../src/domain/identity.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import {
  createdEvent,
  credentialsTestedEvent,
  idOf,
  issuedEvent,
  METADATA,
  recorded,
  renamedEvent,
  testedEvent,
} from '../../support/recorded-events.ts';

const authenticator = createEventAuthenticator([{ id: 7, bytes: randomBytes(32) }]);
const STREAM = registryStream('demo', idOf('a'));

/** Two events as Purser writes them. */
async function written(): Promise<[StreamEvent, StreamEvent]> {
  const log = createMemoryEventStore().open();
  const writer = createEventWriter({ log, authenticator, readYourWrites: { wrote: () => undefined }, now: Date.now });
  const { mac: _mac, ...metadata } = METADATA;
  await writer.write({ stream: STREAM, expected: 'no-stream', events: [createdEvent('a', 1)], metadata });
  await writer.write({ stream: STREAM, expected: 0, events: [renamedEvent('a', 'x')], metadata });
  const [first, second] = await log.readStream(STREAM, { fromRevision: 0, maxCount: 9 });
  if (!first || !second) throw new Error('two events were written');
  return [first, second];
}

const json = (event: StreamEvent, text: string): StreamEvent => ({ ...event, json: text, data: JSON.parse(text) });
const metadataOf = (event: StreamEvent, changes: object): StreamEvent => ({
  ...event,
  metadata: { ...event.metadata, ...changes },
});

describe('an event that Purser wrote', () => {
  it('is authentic at every revision of its append, and names the key of its code', async () => {
    const events = await written();
    expect(events.map((event) => authenticator.isAuthentic(event))).toEqual([true, true]);
    expect(events[0].metadata.mac).toMatch(/^7\.[\w-]{43}$/);
    expect(events[0].metadata.mac).not.toBe(events[1].metadata.mac);
  });

  it.each<[string, (event: StreamEvent) => StreamEvent]>([
    ['another stream', (event) => ({ ...event, stream: registryStream('other', idOf('a')) })],
    ['another revision', (event) => ({ ...event, revision: 1 })],
    ['another id', (event) => ({ ...event, id: randomUUID() })],
    ['another type', (event) => ({ ...event, type: 'RegistryUpdated' })],
    ['another schema version', (event) => ({ ...event, schemaVersion: 2 })],
    ['another time', (event) => ({ ...event, occurredAt: '2026-03-01T12:00:00.001Z' })],
    ['another URL', (event) => json(event, event.json.replace('a.example', 'b.example'))],
    ['a lower version', (event) => json(event, event.json.replace('"version":1', '"version":0'))],
    ['a key twice', (event) => json(event, event.json.replace('"url":', '"url":"b.example","url":'))],
    ['the same data in another spelling', (event) => json(event, ` ${event.json}`)],
    [
      'an infinite number',
      (event) => json(event, event.json.replace('"rotateEveryDays":null', '"rotateEveryDays":1e400')),
    ],
    ['another actor', (event) => metadataOf(event, { actor: 'mallory' })],
    ['another project', (event) => metadataOf(event, { projectId: 'other' })],
    ['an infinite duration', (event) => metadataOf(event, { durationMs: Number.POSITIVE_INFINITY })],
    ['more metadata', (event) => metadataOf(event, { more: 1 })],
    ['no code', (event) => metadataOf(event, { mac: null })],
    ['a code that is no text', (event) => metadataOf(event, { mac: { toString: 1 } })],
    ['the code of no key', (event) => metadataOf(event, { mac: String(event.metadata.mac).replace('7.', '8.') })],
    ['a code with more behind it', (event) => metadataOf(event, { mac: `${event.metadata.mac}=` })],
    ['no metadata', (event) => ({ ...event, metadata: JSON.parse('null') })],
  ])('is not authentic with %s', async (_what, change) => {
    const [event] = await written();
    expect(authenticator.isAuthentic(change(event))).toBe(false);
  });

  it('shows that Purser signed it, also to a version that knows neither its type nor its stream', async () => {
    const [, event] = await written();
    expect(authenticator.isSigned(event)).toBe(true);
    const { mac: _mac, ...metadata } = event.metadata;
    const newer = { ...event, type: 'OfNewerVersion', stream: 'of-newer-version-1' };
    const withCode = (mac: string | null) => ({ ...newer, metadata: { ...metadata, mac } });
    for (const revision of [event.revision, null]) {
      const signed = withCode(authenticator.sign({ ...newer, metadata, revision }));
      expect(authenticator.isSigned(signed)).toBe(true);
      expect(authenticator.isSigned({ ...signed, stream: 'of-newer-version-2' })).toBe(false);
    }
    // As anybody can write it who can write to the log.
    expect(authenticator.isSigned(withCode(null))).toBe(false);
    expect(authenticator.isSigned({ ...event, type: 'OfNewerVersion' })).toBe(false);
  });

  it('is not authentic with any single bit of its code or data changed', async () => {
    const [event] = await written();
    const texts = fc.constantFrom<'mac' | 'json'>('mac', 'json');
    fc.assert(
      fc.property(texts, fc.nat(), fc.integer({ min: 0, max: 6 }), (field, place, bit) => {
        const text = field === 'mac' ? String(event.metadata.mac) : event.json;
        const at = place % text.length;
        const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
        const changed = field === 'mac' ? metadataOf(event, { mac: flipped }) : { ...event, json: flipped };
        expect(authenticator.isAuthentic(changed)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not authentic for another key with the same id', async () => {
    const other = createEventAuthenticator([{ id: 7, bytes: randomBytes(32) }]);
    const [event] = await written();
    expect(other.isAuthentic(event)).toBe(false);
  });
});

describe('a test of a stored credential', () => {
  it('is signed at any revision, for its stream, its id, its time and what it found', async () => {
    const log = createMemoryEventStore().open();
    const writer = createEventWriter({ log, authenticator, readYourWrites: { wrote: () => undefined }, now: Date.now });
    const stream = healthStream('demo', idOf('a'));
    const { mac: _mac, ...metadata } = METADATA;
    for (const version of [1, 2]) {
      await writer.write({ stream, expected: 'any', events: [testedEvent('a', version)], metadata });
    }
    const events = await log.readStream(stream, { fromRevision: 0, maxCount: 9 });
    expect(events.map((event) => authenticator.isAuthentic(event))).toEqual([true, true]);
    const [first] = events;
    if (!first) throw new Error('two events were written');
    const forged = [
      { ...first, stream: healthStream('other', idOf('a')) },
      { ...first, stream: 'access-demo' },
      { ...first, id: randomUUID() },
      { ...first, occurredAt: '2026-03-01T12:00:00.001Z' },
      json(first, first.json.replace('"PROVED"', '"DENIED"')),
      metadataOf(first, { actor: 'mallory' }),
      metadataOf(first, { mac: null }),
    ];
    expect(forged.map((event) => authenticator.isAuthentic(event))).toEqual(forged.map(() => false));
  });
});

describe('events that nobody signs', () => {
  it('are authentic outside of authenticated streams, unless their type is authenticated', () => {
    const [unstored, tested, renamed] = recorded([
      credentialsTestedEvent('a.example'),
      testedEvent('a', 1),
      renamedEvent('a', 'x'),
    ]);
    if (!unstored || !tested || !renamed) throw new Error('three events were recorded');
    const stream = 'access-demo';
    expect(authenticator.isAuthentic({ ...unstored, stream })).toBe(true);
    expect(authenticator.isAuthentic({ ...unstored, stream: STREAM })).toBe(false);
    expect(authenticator.isAuthentic({ ...renamed, stream })).toBe(false);
    expect(authenticator.isAuthentic({ ...unstored, stream, metadata: JSON.parse('null') })).toBe(false);
    expect(authenticator.isAuthentic(tested)).toBe(false);
    expect(authenticator.isAuthentic({ ...tested, stream })).toBe(false);
  });

  it('are not authentic if they say that a lease of another project was handed out again', () => {
    const [issued] = recorded([issuedEvent('a', 'lease', 1, '2026-03-02T12:00:00.000Z')]);
    if (!issued) throw new Error('an event was recorded');
    const url = 'a.example';
    const again = (data: unknown, projectId: string | null = 'demo') =>
      authenticator.isAuthentic({
        ...issued,
        type: 'CredentialIssuedAgain',
        stream: reissueStream(idOf('lease')),
        data,
        metadata: { ...issued.metadata, projectId },
      });
    const data = { ...Object(issued.data), url, registryId: registryId('demo', url) };
    expect(again(data)).toBe(true);
    expect(again(data, 'other')).toBe(false);
    expect(again(data, null)).toBe(false);
    expect(again({ ...data, registryId: registryId('other', url) })).toBe(false);
    for (const other of [null, 'text', {}, { url }, { ...data, url: null }]) expect(again(other)).toBe(false);
  });

  it('are refused by the writer where decisions read, and signed ones elsewhere', async () => {
    const log = createMemoryEventStore().open();
    const readYourWrites = { wrote: () => undefined };
    const writer = createEventWriter({ log, authenticator, readYourWrites, now: Date.now });
    const events = [renamedEvent('a', 'x')];
    await expect(writer.append({ stream: STREAM, expected: 'any', events, metadata: METADATA })).rejects.toThrow(
      STREAM,
    );
    await expect(writer.append({ stream: 'health-x', expected: 0, events, metadata: METADATA })).rejects.toThrow(
      'health-x',
    );
  });
});

describe('a stream with a forged event', () => {
  it('is not read at all, with one constant sentence for callers, and one line for the operator', async () => {
    const store = createMemoryEventStore();
    const log = store.open();
    await log.append(STREAM, 'no-stream', [
      { id: randomUUID(), event: createdEvent('a', 1), occurredAt: '2026-03-01T12:00:00.000Z', metadata: METADATA },
    ]);
    const faults: unknown[] = [];
    const streams = authenticStreams(log, authenticator, (fault) => faults.push(fault));
    for (let round = 0; round < 3; round += 1) {
      await expect(streams.readStream(STREAM, { fromRevision: 0, maxCount: 1 })).rejects.toMatchObject({
        code: 'CREDENTIAL_UNAVAILABLE',
        message:
          'The record of this registry was changed by somebody other than Purser, so nothing is decided from it. Ask the operator.',
      });
    }
    const feed = { stream: 'calendar-x', fromRevision: 0 };
    await expect(
      authenticStreams(
        { readStream: async () => recorded([createdEvent('a', 1)]).map((event) => ({ ...event, ...feed })) },
        authenticator,
        () => undefined,
      ).readStream('calendar-x', { fromRevision: 0, maxCount: 1 }),
    ).rejects.toThrow('The record of this calendar feed was changed');
    expect(faults.map(String)).toEqual([
      `UnauthenticEvent: the event with revision 0 in the stream ${STREAM} was not written by Purser, or was changed since`,
    ]);
  });
});
