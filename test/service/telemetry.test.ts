import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { canary } from '../support/canary.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { until } from '../support/until.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN = '00f067aa0ba902b7';
const CREATE = `mutation Create($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } } }`;

let collector: OtlpReceiver;
let purser: TestPurser;
const password = canary('traced');

beforeAll(async () => {
  // The SDK's own variable.
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
  collector = await startOtlpReceiver();
  purser = await startPurser({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRIC_EXPORT_INTERVAL: '1000' },
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await purser?.stop();
  await collector?.[Symbol.asyncDispose]();
});

async function operation(query: string, variables: object, traceparent?: string): Promise<string> {
  const response = await fetch(`${purser.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${purser.token()}`,
      ...(traceparent !== undefined && { traceparent }),
    },
    body: JSON.stringify({ query, variables }),
  });
  await response.text();
  return response.headers.get('x-request-id') ?? '';
}

/** The span of a request, once it was exported with all its children, which end before it. */
async function spanOf(requestId: string): Promise<ReceivedSpan> {
  const found = () => collector.spans.find(({ attributes }) => attributes['purser.request_id'] === requestId);
  await until(async () => found() !== undefined);
  return found() as ReceivedSpan;
}

/** The server is that of the test run: at a socket, or at an address with a port. */
function databaseAttributes() {
  const { host, port, database } = new pg.Client({ connectionString: purser.connectionString });
  const server = host.startsWith('/')
    ? { 'server.address': `${host}/.s.PGSQL.${port}` }
    : { 'server.address': host, 'server.port': port };
  return { 'db.namespace': database, ...server };
}

function childrenOf({ spanId }: ReceivedSpan): ReceivedSpan[] {
  return collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);
}

describe('traces by OTLP', () => {
  it("continue the caller's, with a span for the operation and one for each statement of it", async () => {
    const input = { url: 'reg.invalid', username: 'robot', password };
    const span = await spanOf(await operation(CREATE, { input }, `00-${TRACE_ID}-${CALLER_SPAN}-01`));
    expect(span).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: CALLER_SPAN,
      name: 'mutation',
      kind: 'SERVER',
      failed: false,
      attributes: {
        'graphql.operation.type': 'mutation',
        'graphql.operation.name': 'Create',
        'purser.fields': 'createRegistry',
        'purser.project': 'demo',
      },
    });
    expect(span.durationMs).toBeGreaterThan(0);
    const statements = childrenOf(span);
    for (const { traceId, kind, attributes, name } of statements) {
      expect({ traceId, kind }).toEqual({ traceId: TRACE_ID, kind: 'CLIENT' });
      expect(attributes).toEqual({
        'db.system.name': 'postgresql',
        'db.operation.name': name.split(' ')[0],
        'db.query.summary': name,
        ...databaseAttributes(),
      });
    }
    const names = statements.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['SELECT log.append_events', 'INSERT vault.secrets']));
  });

  it('begin anew without a caller, and after an invalid header', async () => {
    const [one, two] = [
      await spanOf(await operation('{ viewer { subject } }', {})),
      await spanOf(await operation('{ viewer { subject } }', {}, `00-${TRACE_ID}-${CALLER_SPAN}-1`)),
    ];
    expect([one.parentSpanId, two.parentSpanId]).toEqual(['', '']);
    expect(new Set([one.traceId, two.traceId, TRACE_ID]).size).toBe(3);
  });

  it('are left out if the caller does not sample', async () => {
    await operation('query Unsampled { viewer { subject } }', {}, `00-${TRACE_ID}-${CALLER_SPAN}-00`);
    await spanOf(await operation('{ viewer { subject } }', {}));
    expect(collector.spans.filter(({ attributes }) => attributes['graphql.operation.name'] === 'Unsampled')).toEqual(
      [],
    );
  });

  it('give each of many callers its own statements', async () => {
    const before = collector.spans.length;
    const query = 'query List { registries(projectId: "demo") { nodes { url } } }';
    const ids = await Promise.all(Array.from({ length: 10 }, () => operation(query, {})));
    for (const id of ids) {
      const span = await spanOf(id);
      const names = childrenOf(span).map(({ name }) => name);
      // One look at the log's head may serve several of them.
      expect(names.filter((name) => name !== 'SELECT log.head')).toEqual(['SELECT read_models.registries']);
    }
    expect(collector.spans.length).toBeGreaterThan(before);
  });

  it('tell errors by their codes, and only faults of the service as failures', async () => {
    const span = await spanOf(await operation('{ registries(projectId: "other") { totalCount } }', {}));
    expect(span).toMatchObject({ name: 'query', failed: false, attributes: { 'error.type': 'FORBIDDEN' } });
    const refused = await spanOf(await operation('{ nothing }', {}));
    expect(refused).toMatchObject({ name: 'graphql', attributes: { 'error.type': 'GRAPHQL_VALIDATION_FAILED' } });
  });

  it('name the host of a tested registry, and what was found', async () => {
    const test = `mutation ($input: TestCredentialsInput!) {
      testCredentials(projectId: "demo", input: $input) { outcome } }`;
    const span = await spanOf(
      await operation(test, { input: { url: 'reg.invalid:5000', username: 'robot', password } }),
    );
    const [probe] = childrenOf(span).filter(({ name }) => name === 'test registry');
    expect(probe).toMatchObject({
      kind: 'CLIENT',
      attributes: { 'server.address': 'reg.invalid', 'server.port': 5000 },
    });
    expect(probe?.attributes['purser.outcome']).toMatch(/^[A-Z_]+$/);
  });

  it('have the batches of the projector as traces of their own', async () => {
    await until(async () => collector.spans.some(({ name }) => name === 'project events'));
    const batch = collector.spans.find(({ name }) => name === 'project events');
    expect(batch).toMatchObject({ kind: 'INTERNAL', parentSpanId: '' });
    expect(batch?.attributes['purser.events']).toBeGreaterThan(0);
  });
});

describe('metrics by OTLP', () => {
  it('are those of Prometheus, by the same names', async () => {
    const count = () =>
      collector.metrics
        .find(({ name }) => name === 'purser_graphql_request_duration_seconds')
        ?.points.find(({ attributes }) => attributes.operation === 'mutation' && attributes.outcome === 'ok');
    await until(async () => (count()?.value ?? 0) >= 2);
    const text = await (await fetch(`${purser.metricsUrl}/metrics`)).text();
    const types = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' } as Readonly<Record<string, string>>;
    const scraped = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, types[type]]);
    const exported = new Map(collector.metrics.map(({ name, type }) => [name, type]));
    expect(scraped.length).toBeGreaterThan(20);
    expect(scraped.filter(([name = '', type]) => exported.get(name) !== type)).toEqual([]);

    const histogram = count();
    expect(histogram?.buckets).toHaveLength(14);
    expect(histogram?.buckets.reduce((sum, one) => sum + one, 0)).toBe(histogram?.value);
    const unit = collector.metrics.find(({ name }) => name === 'purser_graphql_request_duration_seconds')?.unit;
    expect(unit).toBe('s');
  });
});

describe('what is exported', () => {
  it('names the service', () => {
    expect(collector.resource).toMatchObject({ 'service.name': 'purser', 'telemetry.sdk.language': 'nodejs' });
    expect(collector.resource['service.instance.id']).toMatch(/^[\da-f-]{36}$/);
  });

  it('holds no variable, no literal and no token', async () => {
    const literal = canary('literal');
    const query = `{ registries(projectId: "demo", filter: { search: "${literal}" }) { nodes { url } } }`;
    await spanOf(await operation(query, {}));
    const sent = collector.bytes.toString('latin1');
    expect(sent).toContain('read_models.registries');
    for (const text of [password, literal, purser.token().slice(-40), 'robot']) expect(sent).not.toContain(text);
  });
});

describe('a collector that does not work', () => {
  it.each(['hangs', 'is gone'])('delays no request if it %s', async (state) => {
    // Fewer than the spans of the requests below.
    vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '64');
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '32');
    await using hanging = await startOtlpReceiver({ answers: false });
    const endpoint = state === 'hangs' ? hanging.url : 'http://127.0.0.1:1';
    const broken = await startPurser({
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRIC_EXPORT_INTERVAL: '1000' },
    });
    const durations: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          broken.graphql('{ viewer { subject } registries(projectId: "demo") { totalCount } }'),
        ),
      );
      durations.push(performance.now() - startedAt);
      expect(answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
    }
    const slowest = Math.max(...durations);
    expect(slowest).toBeLessThan(5_000);
    const stoppingAt = performance.now();
    await broken.stop();
    expect(performance.now() - stoppingAt).toBeLessThan(8_000);
    if (state === 'hangs') expect(hanging.headers.length).toBeGreaterThan(0);
  });
});
