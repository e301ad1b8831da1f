import { createPostgresEventLog } from '../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { bringUpToDate } from '../../src/adapters/postgres/read-models/rebuild.ts';
import type { EventAuthenticator } from '../../src/application/ports/event-authenticator.ts';
import type { RecordedEvent } from '../../src/application/ports/event-log.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { projectorClient } from './read-models.ts';
import { createdEvent, issuedEvent, recorded, releasedEvent } from './recorded-events.ts';

const REGISTRIES = 100;
const AT_ONCE = 5_000;
const LATER = '2040-01-01T00:00:00.000Z';

/** Signed, as the service would have written them: registries, and then leases that come and go. */
export function someEvents(count: number, { sign }: EventAuthenticator): RecordedEvent[] {
  const registries = Array.from({ length: Math.min(REGISTRIES, count) }, (_, index) => `r${index}`);
  const events = registries.map((registry) => createdEvent(registry, 1));
  for (let lease = 0; events.length < count; lease += 1) {
    const registry = `r${lease % registries.length}`;
    events.push(issuedEvent(registry, `lease-${lease}`, 1, LATER));
    if (events.length < count) events.push(releasedEvent(registry, `lease-${lease}`));
  }
  return recorded(events).map((event) => {
    const { mac: _none, ...metadata } = event.metadata;
    return { ...event, metadata: { ...metadata, mac: sign({ ...event, metadata }) } };
  });
}

/** Fills the log in Postgres and builds the read models. */
export async function fill(environment: Readonly<Record<string, string>>, count: number): Promise<void> {
  const { DATABASE_URL: connectionString = '' } = environment;
  const log = createPostgresEventLog({ connectionString, logger: SILENT });
  const vault = await openVault(readConfig(environment), createLogger('silent'), { connectionString, log });
  try {
    const events = someEvents(count, vault.authenticator);
    for (let start = 0; start < count; start += AT_ONCE) await log.appendCopies(events.slice(start, start + AT_ONCE));
    const { authenticator } = vault;
    await bringUpToDate({ log, authenticator, connect: (options) => projectorClient(connectionString, options) });
  } finally {
    await vault.close();
    await log.close();
  }
}
