import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { aPrefix } from '../support/kurrent-logs.ts';
import { openEvents } from '../support/open-events.ts';
import { startProtocolDouble } from '../support/protocol-double/start.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT, CREATE, GET, ISSUE, ROTATE } from './operations.ts';

interface Store {
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves to what brings the events of now back, and no later ones. */
  backUp(connectionString: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

async function postgres(): Promise<Store> {
  return {
    environment: { EVENT_STORE_URL: 'postgres' },
    backUp: (connectionString) =>
      withClient(connectionString, async (client) => {
        const { rows } = await client.query<{ position: string }>('select position::text from log.head');
        const position = rows[0]?.position ?? '';
        const restore = `grant delete on log.events to current_user;
          alter table log.events disable trigger append_only;
          delete from log.events where position > ${position};
          update log.head set position = ${position};
          alter table log.events enable always trigger append_only`;
        return () => withClient(connectionString, async (other) => void (await other.query(restore)));
      }),
    close: async () => undefined,
  };
}

async function protocolDouble(): Promise<Store> {
  const double = await startProtocolDouble({ kept: true });
  return {
    environment: { EVENT_STORE_URL: double.url(), EVENT_STORE_PREFIX: aPrefix() },
    backUp: double.backUp,
    close: double.close,
  };
}

describe.each([
  ['Postgres', postgres],
  ['the protocol double', protocolDouble],
])('a service whose log, in %s, is restored to an earlier state while it runs', (_, open) => {
  let store: Store;
  let purser: TestPurser;
  let id: string;
  beforeAll(async () => {
    store = await open();
    purser = await startPurser({ environment: store.environment });
    const input = { url: 'ghcr.io', username: 'ada', password: canary('older-log') };
    id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
    const restore = await store.backUp(purser.connectionString);
    for (const version of [2, 3]) {
      const { data } = await purser.graphql(ROTATE, { id, input: { password: canary('older-log') } });
      expect(data.rotateCredential.registry.credential.version).toBe(version);
    }
    expect((await purser.graphql(GET, { id })).data.registry.credential.version).toBe(3);
    await restore();
  });
  afterAll(async () => {
    await purser?.stop();
    await store?.close();
  });

  async function head(): Promise<bigint> {
    const log = openEvents(purser.environment);
    try {
      return await log.head();
    } finally {
      await log.close();
    }
  }

  it('is not ready any more, and says why', async () => {
    const readiness = async () => (await fetch(`${purser.url}/readyz`)).text();
    await expect.poll(readiness).toContain('The read models are ahead of the event log');
    expect((await fetch(`${purser.url}/readyz`)).status).toBe(503);
  });

  it('writes nothing to it, and says what to do', async () => {
    const before = await head();
    for (const [operation, variables] of [
      [ROTATE, { id, input: { password: canary('older-log') } }],
      [ISSUE, { input: { image: 'ghcr.io/acme/app', pipeline: 'web' } }],
      // It would be recorded.
      [AUDIT, {}],
    ] as const) {
      const [error] = (await purser.graphql(operation, variables)).errors ?? [];
      expect(error?.extensions.code).toBe('UNAVAILABLE');
      expect(error?.message).toContain('purser rebuild');
    }
    expect(await head()).toBe(before);
  });

  it('answers queries as before', async () => {
    expect((await purser.graphql(GET, { id })).data.registry.credential.version).toBe(3);
  });
});
