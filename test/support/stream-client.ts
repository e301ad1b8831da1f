import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** A raw client of an event stream: it keeps everything that comes. */
export interface StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of an answer that is no event stream, the whole text. */
  readonly text: string;
  readonly events: readonly StreamEvent[];
  /** When each of them came, in milliseconds of `performance.now`. */
  readonly arrivals: readonly number[];
  readonly comments: number;
  /** `Last-Event-ID`, as an `EventSource` keeps it. */
  readonly lastEventId: string | undefined;
  /** Resolves when the answer is over: whole, or cut off. */
  readonly closed: Promise<{ readonly whole: boolean; readonly at: number }>;
  /** Stops and begins to read. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface StreamRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly lastEventId?: string | undefined;
}

/** Resolves once the answer has begun. */
export async function openStream(url: string, token: string | undefined, asked: StreamRequest): Promise<StreamClient> {
  const { query, variables = {}, method = 'POST', lastEventId } = asked;
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const sent: ClientRequest = request(method === 'GET' ? `${url}?${parameters}` : url, {
    method,
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(method === 'POST' && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...asked.headers,
    },
  });
  sent.end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });
  return follow(response);
}

function follow(response: IncomingMessage): StreamClient {
  const events: StreamEvent[] = [];
  const arrivals: number[] = [];
  let comments = 0;
  let text = '';
  let unread = '';
  let lastEventId: string | undefined;
  const closed = new Promise<{ whole: boolean; at: number }>((resolve) => {
    response.once('close', () => resolve({ whole: response.complete, at: Date.now() }));
  });
  response.on('error', () => undefined);
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const blocks = (unread + chunk).split('\n\n');
    unread = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) {
        comments += 1;
        continue;
      }
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
      const id = field('id');
      lastEventId = id ?? lastEventId;
      arrivals.push(performance.now());
      events.push({ event: field('event') ?? 'message', id, data: field('data') ?? '' });
    }
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    get text() {
      return text;
    },
    events,
    arrivals,
    get comments() {
      return comments;
    },
    get lastEventId() {
      return lastEventId;
    },
    closed,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    destroy: () => void response.destroy(),
  };
}

/** The code of the error that an event brings. */
export function codeOf(event: StreamEvent | undefined): string | undefined {
  return event && JSON.parse(event.data || '{}').errors?.[0]?.extensions.code;
}
