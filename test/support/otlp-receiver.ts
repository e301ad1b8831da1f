import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fields, fieldsOf, numbersOf } from './protobuf.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'OTHER';
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  readonly durationMs: number;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly type: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, unknown>>;
    /** Of a histogram, the number of values. */
    readonly value: number;
    readonly buckets: readonly number[];
  }[];
}

/** A collector of OTLP over HTTP, which keeps what it gets. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The last export. */
  readonly metrics: readonly ReceivedMetric[];
  /** Of the last export, spans or metrics. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Headers of all requests. */
  readonly headers: readonly Readonly<Record<string, string | string[] | undefined>>[];
  /** Everything that was sent. */
  readonly bytes: Buffer;
}

/** With `answers: false` it takes requests and answers none. */
export async function startOtlpReceiver({ answers = true } = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const headers: OtlpReceiver['headers'][number][] = [];
  const bodies: Buffer[] = [];
  let metrics: ReceivedMetric[] = [];
  let resource: Record<string, unknown> = {};

  const server = createServer(async (request, response) => {
    headers.push(request.headers);
    const body = Buffer.concat(await request.toArray());
    bodies.push(body);
    if (!answers) return;
    // Both kinds of requests have the same shape down to the single span or metric.
    for (const group of fieldsOf(body).messages(1)) {
      resource = attributesOf(group.messages(1)[0]?.messages(1) ?? []);
      const items = group.messages(2).flatMap((scope) => scope.messages(2));
      if (request.url === '/v1/traces') spans.push(...items.map(spanOf));
      else metrics = items.map(metricOf);
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    headers,
    get metrics() {
      return metrics;
    },
    get resource() {
      return resource;
    },
    get bytes() {
      return Buffer.concat(bodies);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const KINDS: readonly ReceivedSpan['kind'][] = ['OTHER', 'INTERNAL', 'SERVER', 'CLIENT'];
const STATUS_ERROR = 2;

function spanOf(span: Fields): ReceivedSpan {
  const [status] = span.messages(15);
  return {
    traceId: span.bytes(1).toString('hex'),
    spanId: span.bytes(2).toString('hex'),
    parentSpanId: span.bytes(4).toString('hex'),
    name: span.bytes(5).toString(),
    kind: KINDS[span.number(6)] ?? 'OTHER',
    attributes: attributesOf(span.messages(9)),
    failed: status?.number(3) === STATUS_ERROR,
    durationMs: (span.number(8) - span.number(7)) / 1e6,
  };
}

function metricOf(metric: Fields): ReceivedMetric {
  const [gauge] = metric.messages(5);
  const [sum] = metric.messages(7);
  const [histogram] = metric.messages(9);
  const numbers = (gauge ?? sum)?.messages(1) ?? [];
  const histograms = histogram?.messages(1) ?? [];
  return {
    name: metric.bytes(1).toString(),
    unit: metric.bytes(3).toString(),
    type: gauge ? 'gauge' : sum ? 'sum' : 'histogram',
    points: [
      ...numbers.map((point) => ({ attributes: attributesOf(point.messages(7)), value: point.double(4), buckets: [] })),
      ...histograms.map((point) => ({
        attributes: attributesOf(point.messages(9)),
        value: point.number(4),
        buckets: numbersOf(point.bytes(6)),
      })),
    ],
  };
}

function attributesOf(pairs: readonly Fields[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value] = pair.messages(2);
      const text = value?.bytes(1).toString();
      return [pair.bytes(1).toString(), value?.has(1) ? text : value?.has(4) ? value.double(4) : value?.number(3)];
    }),
  );
}
