import { WebSocket } from 'ws';

/** The subscribers' process: many sockets, each subscribed to the notices of a project. */

export type SubscribersOrder =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly token: string;
      readonly body: string;
      readonly count: number;
    }
  /** Sends the mutation and waits until every subscriber has the notice. */
  | { readonly kind: 'publish'; readonly url: string; readonly token: string; readonly body: string }
  | { readonly kind: 'close' };

/** Milliseconds since the mutation was sent. */
export interface Delivery {
  readonly answered: number;
  readonly first: number;
  readonly last: number;
}

let sockets: WebSocket[] = [];
let arrived: () => void = () => undefined;

async function open(url: string, token: string, body: string, count: number): Promise<void> {
  const endpoint = `${url.replace('http', 'ws')}/graphql`;
  const { query, variables } = JSON.parse(body) as { query: string; variables: object };
  // A hundred at a time: opening is not measured.
  for (let left = count; left > 0; left -= 100) {
    const batch = Array.from({ length: Math.min(100, left) }, () => subscribe(endpoint, token, { query, variables }));
    sockets.push(...(await Promise.all(batch)));
  }
}

function subscribe(endpoint: string, token: string, payload: object): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(endpoint, 'graphql-transport-ws', { perMessageDeflate: false });
    socket.once('error', reject);
    socket.once('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.once('message', () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      // The answer comes after everything sent before it.
      socket.send(JSON.stringify({ type: 'ping' }));
      socket.once('message', () => {
        socket.on('message', () => arrived());
        resolve(socket);
      });
    });
  });
}

async function publish(url: string, token: string, body: string): Promise<Delivery> {
  const sentAt = performance.now();
  let count = 0;
  let first = Number.NaN;
  const last = new Promise<number>((resolve) => {
    arrived = () => {
      count += 1;
      if (count === 1) first = performance.now() - sentAt;
      if (count === sockets.length) resolve(performance.now() - sentAt);
    };
  });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  });
  const answer = await response.text();
  const answered = performance.now() - sentAt;
  if (answer.startsWith('{"errors"')) throw new Error(answer);
  return { answered, last: await last, first };
}

async function close(): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.close();
  await Promise.all(closed);
  sockets = [];
}

async function run(order: SubscribersOrder): Promise<Delivery | undefined> {
  switch (order.kind) {
    case 'open':
      await open(order.url, order.token, order.body, order.count);
      return undefined;
    case 'publish':
      return publish(order.url, order.token, order.body);
    case 'close':
      await close();
      return undefined;
  }
}

process.on('message', (order: SubscribersOrder) => {
  run(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
