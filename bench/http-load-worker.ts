import { connect } from 'node:net';

/**
 * The process that makes the requests. All connections together send every body once, which creating registries needs;
 * in autocannon each connection sends the whole list. It sends prepared bytes and reads as little of an answer as
 * possible: 40 to 50 µs of CPU per request, where autocannon takes 57 to 65.
 */

export interface LoadOrder {
  readonly url: string;
  readonly token: string;
  readonly connections: number;
  readonly milliseconds: number;
  /** Sent one after the other. */
  readonly bodies: readonly string[];
  /** Whether to start again after the last body; otherwise the load ends there. */
  readonly repeat: boolean;
  /** Whether errors are expected. Default: the first one ends the load. */
  readonly mayFail?: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly worst: number;
  /** The first wrong answer. */
  readonly fault: string | undefined;
}

const HEADERS_END = Buffer.from('\r\n\r\n');
const ERRORS = Buffer.from('{"errors"');

async function load(order: LoadOrder): Promise<LoadResult> {
  const { hostname, port, host } = new URL(order.url);
  const requests = order.bodies.map((body) =>
    Buffer.from(
      `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${order.token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies: number[] = [];
  let next = 0;
  let fault: string | undefined;
  const startedAt = performance.now();
  const end = startedAt + order.milliseconds;

  function nextRequest(): Buffer | undefined {
    if (performance.now() >= end || fault !== undefined) return undefined;
    const request = requests[order.repeat ? next % requests.length : next];
    next += 1;
    return request;
  }

  function talk(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let sentAt = 0;
      let received: Buffer = Buffer.alloc(0);
      const send = () => {
        const request = nextRequest();
        if (request === undefined) return socket.end();
        sentAt = performance.now();
        return socket.write(request);
      };
      socket.once('connect', send);
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const headersEnd = received.indexOf(HEADERS_END);
        if (headersEnd < 0) return;
        const headers = received.toString('latin1', 0, headersEnd);
        const bodyStart = headersEnd + HEADERS_END.length;
        if (received.length < bodyStart + contentLength(headers)) return;
        latencies.push(performance.now() - sentAt);
        const isFault = !headers.startsWith('HTTP/1.1 200') || received.indexOf(ERRORS, bodyStart) === bodyStart;
        if (isFault && order.mayFail !== true) fault ??= received.toString('utf8', bodyStart, bodyStart + 500);
        received = Buffer.alloc(0);
        send();
      });
      socket.once('close', () => resolve());
      socket.once('error', reject);
    });
  }

  await Promise.all(Array.from({ length: order.connections }, talk));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return {
    requests: latencies.length,
    requestsPerSecond: latencies.length / seconds,
    p50: percentile(0.5),
    p90: percentile(0.9),
    p99: percentile(0.99),
    worst: latencies.at(-1) ?? Number.NaN,
    fault,
  };
}

function contentLength(headers: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(headers)?.[1];
  if (length === undefined) throw new Error('the answer has no content-length');
  return Number(length);
}

process.on('message', (order: LoadOrder) => {
  load(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
