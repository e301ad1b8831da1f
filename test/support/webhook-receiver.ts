import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook as Verifier } from 'standardwebhooks';
import { canary } from './canary.ts';

/** A request that a receiver got, in whole. */
export interface Received {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, number: number) => void;

/** A receiver of webhooks on a free port, which notes what it gets. */
export interface Receiver extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
  readonly secret: string;
  readonly received: readonly Received[];
  /** How it answers from now on. `number`: which request it is, from 1 on. */
  answer: Answer;
}

export interface ReceiverOptions {
  readonly secret?: string;
  /** For https. */
  readonly tls?: ServerOptions;
  readonly host?: string;
}

export function aWebhookSecret(): string {
  return `whsec_${Buffer.from(canary('whsec')).toString('base64')}`;
}

export const taken: Answer = (response) => response.writeHead(204).end();

/** @param statuses of the first requests; after them the last one counts */
export function statuses(...statuses: readonly number[]): Answer {
  return (response, number) => response.writeHead(statuses[Math.min(number, statuses.length) - 1] ?? 204).end();
}

export async function startReceiver(answer: Answer = taken, options: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString();
    received.push({ id: String(request.headers['webhook-id']), headers: request.headers, body });
    receiver.answer(response, received.length);
  };
  const server: Server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
  const receiver: Receiver = {
    host,
    // Both are secrets that must be found nowhere afterwards.
    url: `${options.tls ? 'https' : 'http'}://${host}/hooks/${canary('webhook-url')}`,
    secret: options.secret ?? aWebhookSecret(),
    received,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

export function idsOf({ received }: Pick<Receiver, 'received'>): string[] {
  return received.map(({ id }) => id);
}

/** The settings under which a service in a test sends to these receivers, one webhook each, named by `names`. */
export function webhookEnvironment(
  receivers: Readonly<Record<string, Receiver>>,
  entry: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const entries = Object.entries(receivers);
  return {
    WEBHOOKS: JSON.stringify(
      entries.map(([name, { url, secret }]) => ({ name, url, secret, projects: 'all', ...entry })),
    ),
    EGRESS_ALLOW: '127.0.0.1',
    PLAIN_HTTP_HOSTS: entries.map(([, { host }]) => host).join(','),
  };
}

/** What a receiver with the official libraries makes of a request. @throws if its signature or its event is not valid */
export function verified({ body, headers }: Received, secret: string): Record<string, unknown> {
  const read = (name: string) => String(headers[name]);
  new Verifier(secret).verify(body, {
    'webhook-id': read('webhook-id'),
    'webhook-timestamp': read('webhook-timestamp'),
    'webhook-signature': read('webhook-signature'),
  });
  const event = HTTP.toEvent({ headers: { ...headers }, body });
  if (!(event instanceof CloudEvent)) throw new Error('one event is no batch');
  event.validate();
  return { ...event };
}
