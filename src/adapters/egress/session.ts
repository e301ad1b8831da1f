import { Agent, type Dispatcher } from 'undici';
import {
  EgressFailed,
  type EgressFault,
  type EgressRequest,
  type EgressResponse,
  type EgressSession,
  type EgressSessionOptions,
} from '../../application/ports/egress.ts';
import { requestFault } from './connection-fault.ts';
import { createGuardedConnector, type GuardDeps } from './guarded-connector.ts';
import { parseTarget, type RequestTarget } from './target.ts';

export interface SessionDeps extends GuardDeps {
  readonly plainHttpHosts: ReadonlySet<string>;
}

const DEFAULT_DEADLINE_MS = 10_000;
const MAX_DEADLINE_MS = 20_000;
export const MAX_BODY_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;

/** Only the guard sets these: a caller's `host` could name another server than the one in the certificate. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function openSession(deps: SessionDeps, options: EgressSessionOptions = {}): EgressSession {
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, Math.min(options.deadlineMs ?? DEFAULT_DEADLINE_MS, MAX_DEADLINE_MS));
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted) end();

  const guard = createGuardedConnector(deps, options.caCertificate ?? null, ended.signal);
  const agent = new Agent({
    connect: guard.connect,
    allowH2: false,
    // For each host: a session's requests are sequential, and a higher limit would open a new connection instead of waiting.
    connections: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The session's deadline is the only timeout.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  let firstFault: EgressFault | undefined;
  const failed = (fault: EgressFault): EgressFailed => {
    firstFault ??= fault;
    return new EgressFailed(fault);
  };

  const request = async (asked: EgressRequest): Promise<EgressResponse> => {
    const signal = asked.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, asked.signal]);
    let target: RequestTarget | undefined;
    try {
      target = parseTarget(asked.url, deps.plainHttpHosts);
      signal.throwIfAborted();
      return await exchange(agent, target, asked, signal);
    } catch (error) {
      // Pass on the fault alone: messages of libraries contain addresses and parts of the request.
      if (error instanceof EgressFailed) throw failed(error.fault);
      if (!signal.aborted) throw failed((target && guard.alertOf(target)) ?? requestFault(error));
      // At a filtered port the deadline passes; the result must look the same as for a closed port.
      throw failed({ kind: target !== undefined && guard.hasReached(target) ? 'TIMED_OUT' : 'UNREACHABLE' });
    }
  };

  return {
    request,
    get fault() {
      return firstFault;
    },
    async close() {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      end();
      await agent.destroy();
    },
  };
}

async function exchange(
  agent: Dispatcher,
  { origin, path }: RequestTarget,
  { method = 'GET', headers = {}, body, maxBytes = MAX_BODY_BYTES, ignoreBody = false }: EgressRequest,
  signal: AbortSignal,
): Promise<EgressResponse> {
  const callersHeaders = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  const answer = await agent.request({
    origin,
    path,
    method,
    headers: { ...Object.fromEntries(callersHeaders), 'accept-encoding': 'identity' },
    ...(body === undefined ? {} : { body }),
    signal,
  });
  const received = valuesByName(answer.headers);
  if (ignoreBody) {
    // Without a listener the end of the connection, which follows, would be an uncaught error.
    answer.body.on('error', () => undefined).destroy();
    return { status: answer.statusCode, headers: received, body: Buffer.alloc(0) };
  }
  const encodings = received.get('content-encoding') ?? [];
  if (encodings.some((encoding) => encoding.trim().toLowerCase() !== 'identity')) {
    answer.body.destroy();
    throw new EgressFailed({ kind: 'MALFORMED_ANSWER' });
  }
  const whole = await readAtMost(answer.body, Math.min(maxBytes, MAX_BODY_BYTES));
  return { status: answer.statusCode, headers: received, body: whole };
}

async function readAtMost(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    // Leaving the loop destroys the connection.
    if (size > maxBytes) throw new EgressFailed({ kind: 'TOO_LARGE' });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function valuesByName(headers: Dispatcher.ResponseData['headers']): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(headers).map(([name, value]) => [name, value === undefined ? [] : [value].flat()] as const),
  );
}
