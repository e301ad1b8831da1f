import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { METRICS_PORT: '0' } });
});
afterAll(() => purser.stop());

async function scrape(): Promise<string> {
  const response = await fetch(`${purser.metricsUrl}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } } }`;

describe('the metrics of a service', () => {
  it('count what it does, by listed values alone', async () => {
    const password = canary('metrics');
    const created = await purser.graphql(CREATE, {
      input: { url: 'reg.invalid', username: 'robot', password, expiresAt: new Date(Date.now() + 3_600_000) },
    });
    const { id } = created.data.createRegistry.registry;
    await purser.graphql('mutation ($id: ID!) { testRegistry(projectId: "demo", id: $id) { outcome } }', { id });
    await purser.graphql('query Secret { registries(projectId: "somebody-else") { totalCount } }');
    // As if three quarters of its life had passed.
    await until(() =>
      withClient(purser.connectionString, async (client) => {
        const text = 'update read_models.registries set expiring_from = now() where id = $1 and health is not null';
        return (await client.query(text, [id])).rowCount === 1;
      }),
    );
    // Counted at the first scrape, then remembered for a minute.
    await until(async () => (await scrape()).includes('purser_credentials{status="EXPIRING"} 1'));

    const text = await scrape();
    expect(text).toContain('purser_graphql_request_duration_seconds_count{operation="mutation",outcome="ok"} 2');
    expect(text).toContain('purser_graphql_request_duration_seconds_count{operation="query",outcome="FORBIDDEN"} 1');
    expect(text).toContain('purser_denials_total{action="READ_REGISTRIES"} 1');
    expect(text).toMatch(/^purser_registry_test_duration_seconds_count\{outcome="[A-Z_]+"\} 1$/m);
    expect(text).toMatch(/^purser_registry_health\{outcome="[A-Z_]+"\} 1$/m);
    expect(text).toMatch(/^purser_event_log_append_duration_seconds_count [3-9]$/m);
    expect(text).toMatch(/^purser_projection_batch_duration_seconds_count [1-9]$/m);
    expect(text).toContain('purser_projection_leading 1');
    expect(text).toMatch(/^purser_database_statement_duration_seconds_count\{connection="purser reads"\} [1-9]/m);
    // The only service of this database: it took the lead once, and renews it each second.
    expect(text).toContain('purser_projection_term 1\n');
    const age = Number(/^purser_projection_lease_age_seconds (\S+)$/m.exec(text)?.[1]);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(5);
    expect(text).toMatch(/^purser_database_connections\{connection="purser reads"\} [1-9]/m);
    expect(text).toMatch(/^purser_database_connections\{connection="purser log writer"\} 1$/m);
    expect(text).toContain('purser_database_statements_waiting{connection="purser reads"} 0');
    expect(text).toContain(`purser_build_info{version="source",node="${process.version}"} 1`);
    for (const said of ['"other"', 'somebody-else', 'demo', 'reg.invalid', 'robot', 'Secret', password]) {
      expect(text).not.toContain(said);
    }
  });
});

describe('METRICS_PORT', () => {
  it('has metrics and health on its own port, and the API has health alone', async () => {
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      const response = await fetch(purser.metricsUrl + path);
      expect([path, response.status]).toEqual([path, 200]);
      await response.text();
    }
    for (const path of ['/healthz', '/readyz']) {
      const response = await fetch(purser.url + path);
      expect([path, response.status]).toEqual([path, 200]);
      await response.text();
    }
    expect((await fetch(`${purser.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${purser.metricsUrl}/graphql`, { method: 'POST' })).status).toBe(404);
  });
});
