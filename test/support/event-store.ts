import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { inject } from 'vitest';
import { BEGINNING, type RecordedEvent } from '../../src/application/ports/event-log.ts';
import { eventsAfter } from '../contract/event-log-store.ts';
import { openEvents, type StoreEnvironment } from './open-events.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What EVENT_STORE_URL says for every service under test. Undefined: events are in its Postgres. */
    readonly eventStore: { readonly url: string } | undefined;
  }
}

/** By which Node.js and the store's client trust further certificates. */
const CERTIFICATE_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

/**
 * What a service under test is told of its event store: streams of its own in the run's store, if the run has one, and the
 * certificates that this process trusts.
 */
export function storeEnvironment(): StoreEnvironment {
  const store = inject('eventStore');
  if (store === undefined) return {};
  const certificates = CERTIFICATE_VARIABLES.flatMap((name) => {
    const file = process.env[name];
    return file ? [[name, resolve(file)] as const] : [];
  });
  return {
    ...Object.fromEntries(certificates),
    // The store's client names the host to TLS even if that is an address, of which Node warns among the lines of the log.
    NODE_OPTIONS: '--disable-warning=DEP0123',
    EVENT_STORE_URL: store.url,
    EVENT_STORE_PREFIX: `test_${randomBytes(8).toString('hex')}`,
  };
}

/** All events of such a service, oldest first. */
export async function eventsOf(environment: StoreEnvironment): Promise<RecordedEvent[]> {
  const log = openEvents(environment);
  try {
    return await eventsAfter(log, BEGINNING);
  } finally {
    await log.close();
  }
}

/** The types of a stream's events, oldest first. */
export async function eventTypes(environment: StoreEnvironment, stream: string): Promise<string[]> {
  const log = openEvents(environment);
  try {
    const events = await log.readStream(stream, { fromRevision: 0, maxCount: 1_000 });
    return events.map(({ type }) => type);
  } finally {
    await log.close();
  }
}
