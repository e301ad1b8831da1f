import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { describe, expect, it } from 'vitest';
import { startProtocolDouble } from './start.ts';
import { event, protocolDoubleWithClients, streamOf, streamsOf } from './with-clients.ts';

const { double, connect } = await protocolDoubleWithClients({ members: 3 });
const QUICK = { discoveryInterval: '5', maxDiscoverAttempts: '3' };

function append(client: KurrentDBClient, options: object = {}) {
  return client.appendToStream(streamOf('registry'), event(), { streamState: 'no_stream', ...options });
}

describe('several members', () => {
  it('answer an append with who leads, after which the client goes there', async () => {
    await double.tell({ order: 'lead', member: 1, electionMs: 0 });
    const client = connect(double.url({ member: 0 }));
    await expect(append(client)).rejects.toMatchObject({
      type: 'not-leader',
      leader: { address: '127.0.0.1', port: double.ports[1] },
    });
    expect(await append(client)).toMatchObject({ success: true });
  });

  it('answer a read too, unless it asks for the leader, as it does without a preference', async () => {
    await double.tell({ order: 'lead', member: 2, electionMs: 0 });
    await append(connect(double.url({ member: 2 })));
    const read = (parameters: Record<string, string>) =>
      streamsOf(connect(double.url({ member: 0, parameters })).readAll({ maxCount: 1 }));
    expect(await read({ nodePreference: 'random' })).toHaveLength(1);
    await expect(read({})).rejects.toMatchObject({ type: 'not-leader', leader: { port: double.ports[2] } });
  });

  it('are discovered with who leads', async () => {
    await double.tell({ order: 'lead', member: 2, electionMs: 0 });
    expect(await append(connect(double.clusterUrl({ parameters: QUICK })))).toMatchObject({ success: true });
  });

  it('refuse appends while nobody leads', async () => {
    const client = connect(double.url({ member: 1 }));
    await double.tell({ order: 'lead', member: 1, electionMs: 400 });
    await expect(append(client)).rejects.toMatchObject({ type: 'unavailable' });
    await expect.poll(() => append(client).catch(() => undefined)).toMatchObject({ success: true });
  });

  it('can be away each', async () => {
    await double.tell({ order: 'lead', member: 0, electionMs: 0 });
    await double.tell({ order: 'refuse', member: 1 });
    expect(await append(connect(double.clusterUrl({ parameters: QUICK })))).toMatchObject({ success: true });
    await expect(append(connect(double.url({ member: 1 })))).rejects.toMatchObject({ code: 14 });
  });
});

it('a failed first discovery makes every later append of the client fail', async () => {
  await double.tell({ order: 'lead', member: 0, electionMs: 0 });
  await double.tell({ order: 'fault', fault: { kind: 'no-gossip' } });
  const client = connect(double.clusterUrl({ parameters: QUICK }));
  const failed = await append(client).catch((error) => error);
  expect(failed.name).toBe('Error');
  expect(failed.message).toContain('Failed to discover');
  await double.tell({ order: 'clear-faults' });
  await expect(append(client)).rejects.toThrow('Failed to discover');
  expect(await append(connect(double.clusterUrl({ parameters: QUICK })))).toMatchObject({ success: true });
});

describe('TLS and a login', () => {
  it('let in who has both', async () => {
    const guarded = await startProtocolDouble({ tls: true, login: 'admin:changeit' });
    try {
      const client = connect(guarded.url());
      expect(await append(client)).toMatchObject({ success: true });
      expect(await streamsOf(client.readAll({ maxCount: 1 }))).toHaveLength(1);

      const wrong = { credentials: { username: 'admin', password: 'wrong' } };
      await expect(append(client, wrong)).rejects.toMatchObject({ type: 'access-denied' });
      const anonymous = connect(guarded.url().replace('admin:changeit@', ''));
      await expect(append(anonymous)).rejects.toMatchObject({ type: 'access-denied' });
      const read = streamsOf(anonymous.readAll({ maxCount: 1 }));
      await expect(read).rejects.toMatchObject({ type: 'access-denied' });

      const untrusting = connect(guarded.url().replace(/&tlsCaFile=[^&]*/, ''));
      await expect(append(untrusting)).rejects.toMatchObject({ code: 14 });
    } finally {
      await guarded.close();
    }
  });
});
