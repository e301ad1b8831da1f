import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';

let replicas: TestPurser[];
beforeAll(async () => {
  const first = await startPurser();
  replicas = [first, await startPurser({ replicaOf: first })];
});
afterAll(async () => {
  for (const replica of replicas.toReversed()) await replica.stop();
});

interface Projection {
  readonly leading: boolean;
  readonly status: string;
  readonly parkedStreams: number;
  readonly lagSeconds: number;
  readonly leader: { readonly name: string; readonly lastStepSeconds: number } | null;
}

const projections = (): Promise<Projection[]> =>
  Promise.all(
    replicas.map(async ({ url }) => {
      const { checks } = (await (await fetch(`${url}/readyz`)).json()) as { checks: { projection: Projection } };
      return checks.projection;
    }),
  );

const sql = (text: string) =>
  withClient(replicas[0]?.connectionString ?? '', async (client) => {
    await client.query(text);
  });

describe('readiness', () => {
  it('tells in every replica who leads, and how old its last step is', async () => {
    await expect.poll(async () => (await projections()).map(({ leading }) => leading).sort()).toEqual([false, true]);
    const [first, second] = await projections();
    expect(first?.leader?.name).toContain(`:${process.pid}/`);
    expect(second?.leader?.name).toBe(first?.leader?.name);
    expect(second?.leader?.lastStepSeconds).toBeLessThan(10);
    expect(second?.lagSeconds).toBeLessThan(10);
  });

  it('tells of parked streams in every replica, and before the next event', async () => {
    await expect.poll(async () => (await projections()).map(({ leading }) => leading).sort()).toEqual([false, true]);
    expect(await projections()).toMatchObject([
      { status: 'ok', parkedStreams: 0 },
      { status: 'ok', parkedStreams: 0 },
    ]);
    await sql(`insert into read_models.parked_events (position, stream, event_id, reason, credential_version)
      select n, 'registry-' || n % 2, gen_random_uuid(), 'a test', 1 from generate_series(1, 5) n`);
    expect(await projections()).toMatchObject([
      { status: 'degraded', parkedStreams: 2 },
      { status: 'degraded', parkedStreams: 2 },
    ]);
    await sql('truncate read_models.parked_events');
  });
});
