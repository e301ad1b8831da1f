import { randomBytes } from 'node:crypto';
import type { EventAuthenticator } from '../../application/ports/event-authenticator.ts';
import { BEGINNING, type EventLog, type RecordedEvent } from '../../application/ports/event-log.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';
import { createEventAuthenticator, type EventKey } from './event-authenticator.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { KeyRecordStore, WrappedEventKey } from './secret-stores.ts';
import { type KindOfKey, rewrapRows, unwrapRow } from './wrapped-keys.ts';

const FIRST_ID = 1;
/** Events that are looked at to see whether the key is the one that signed them. */
const SAMPLES = 1_000;
const KIND: KindOfKey<Pick<WrappedEventKey, 'id'>> = {
  name: 'Event key',
  table: 'vault.event_keys',
  context: ({ id }) => lengthPrefixed('purser event key', id),
};

/**
 * The keys that events are signed with. The first process that starts on an empty database makes one, and all others get
 * the same. With events in the log, no key is ever made: it would turn all of them into forgeries.
 * @throws KeyRingError that names the key
 */
export async function loadEventAuthenticator(
  keyRing: KeyRing,
  store: Pick<KeyRecordStore, 'eventKeys' | 'addEventKey'>,
  log: Pick<EventLog, 'head' | 'readAll'>,
): Promise<EventAuthenticator> {
  // Before the keys are read: another process that starts at the same time adds its key before its first event.
  const isEmpty = (await log.head()) === BEGINNING;
  let stored = await store.eventKeys();
  if (stored.length === 0 && isEmpty) {
    await addFirstKey(keyRing, store);
    stored = await store.eventKeys();
  }
  const authenticator = await openEventKeys(keyRing, stored);
  if (authenticator === undefined) {
    throw new KeyRingError(
      'There are events, but the key that they are signed with is missing: the table vault.event_keys is empty. Restore its rows from a backup.',
    );
  }
  await requireSigner(authenticator, log, stored);
  return authenticator;
}

/** Undefined without any. @throws KeyRingError that names the key that does not open */
export async function openEventKeys(
  keyRing: KeyRing,
  stored: readonly WrappedEventKey[],
): Promise<EventAuthenticator | undefined> {
  const [first, ...others] = await Promise.all(stored.map((key) => open(keyRing, key)));
  return first && createEventAuthenticator([first, ...others]);
}

/** Brings the event keys under the primary key. */
export async function rewrapEventKeys(
  keyRing: KeyRing,
  store: KeyRecordStore,
): Promise<{ readonly rewrapped: number; readonly unreadable: readonly number[] }> {
  return rewrapRows(keyRing, KIND, await store.eventKeys(), (id, from, to) => store.replaceEventKey(id, from, to));
}

async function addFirstKey(keyRing: KeyRing, store: Pick<KeyRecordStore, 'addEventKey'>): Promise<void> {
  const bytes = randomBytes(KEY_BYTES);
  try {
    await store.addEventKey({ id: FIRST_ID, wrappedKey: await keyRing.wrap(bytes, KIND.context({ id: FIRST_ID })) });
  } finally {
    bytes.fill(0);
  }
}

async function open(keyRing: KeyRing, key: WrappedEventKey): Promise<EventKey> {
  return { id: key.id, bytes: await unwrapRow(keyRing, KIND, key) };
}

/** A row that was replaced by the key of another database opens too, but has signed nothing here. */
async function requireSigner(
  authenticator: EventAuthenticator,
  log: Pick<EventLog, 'readAll'>,
  stored: readonly WrappedEventKey[],
): Promise<void> {
  const signed = (await firstEvents(log)).filter(({ metadata }) => typeof metadata?.mac === 'string');
  if (signed.length === 0 || signed.some(authenticator.isAuthentic)) return;
  const ids = stored.map(({ id }) => id).join(', ');
  throw new KeyRingError(
    `Event key ${ids} (table vault.event_keys) is not the one that the events of this database are signed with. Restore the table's rows from a backup.`,
  );
}

async function firstEvents(log: Pick<EventLog, 'readAll'>): Promise<readonly RecordedEvent[]> {
  for (let after = BEGINNING; ; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: SAMPLES });
    if (events.length > 0 || atEnd) return events;
    after = position;
  }
}
