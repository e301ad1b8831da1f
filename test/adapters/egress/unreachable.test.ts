import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { createNameLookup } from '../../../src/adapters/egress/name-lookup.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const SHORTLY = { deadlineMs: 500 };
/** Accepts as many connections as fit into the kernel's queue, and sends nothing. */
const DEAF_SERVER = `
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port));
`;
const QUEUE_AND_MORE = 8;

let dns: DnsServer;
let silent: UdpSocket;
let filtered: FilteredPort;

beforeAll(async () => {
  dns = await startDnsServer((name) => (name === 'known.example.com' ? ['127.0.0.1'] : []));
  silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  filtered = await startFilteredPort();
});
afterAll(async () => {
  silent.close();
  await Promise.all([dns.close(), filtered.close()]);
});

interface FilteredPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Acts like a port of a host that drops packets: the process behind it is stopped, and its queue is full. */
async function startFilteredPort(): Promise<FilteredPort> {
  const child: ChildProcess = spawn(process.execPath, ['-e', DEAF_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  let taken = 0;
  for (let index = 0; index < QUEUE_AND_MORE; index++) {
    fillers.push(connect(port, '127.0.0.1', () => taken++).on('error', () => undefined));
  }
  // The first connection that the kernel does not accept shows that the queue is full.
  for (let before = -1; taken !== before || taken === 0; ) {
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (taken === QUEUE_AND_MORE) throw new Error('the queue takes everything');
  return {
    port,
    async close() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const egressWith = (servers: readonly string[]) =>
  createEgress({
    allow: parseAllowList(['127.0.0.1']),
    plainHttpHosts: new Set(),
    lookUpName: createNameLookup({ servers }),
  });
const failureOf = (url: string, servers = [dns.address]) =>
  egressWith(servers)
    .request({ url }, SHORTLY)
    .catch((error: unknown) => error);

describe('an unreachable target', () => {
  it('looks the same for a closed or filtered port, an unknown name and a silent name server', async () => {
    const failures = await Promise.all([
      failureOf(`https://known.example.com:${await closedPort()}/`),
      failureOf(`https://known.example.com:${filtered.port}/`),
      failureOf('https://unknown.example.com/'),
      failureOf('https://known.example.com/', [`127.0.0.1:${silent.address().port}`]),
    ]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'EgressFailed', message: 'no answer: UNREACHABLE' });
      expect(JSON.stringify(failure)).toBe('{"fault":{"kind":"UNREACHABLE"},"name":"EgressFailed"}');
      expect(failure).not.toHaveProperty('cause');
    }
  });

  it('differs from a server that accepts the connection and sends nothing', async () => {
    const server = await startScriptedServer(() => undefined);
    const failure = await failureOf(`https://known.example.com:${server.port}/`);
    expect(failure).toMatchObject({ fault: { kind: 'TIMED_OUT' } });
    await server.close();
  });
});

describe('a host with several addresses', () => {
  it('is reached at the second if the first refuses', async () => {
    const server = await startScriptedServer((socket) => socket.write('HTTP/1.1 204 None\r\n\r\n'), '127.0.0.3');
    const egress = createEgress({
      allow: parseAllowList(['127.0.0.0/8', '::1']),
      plainHttpHosts: new Set(['known.example.com']),
      lookUpName: async () => ['::1', '127.0.0.2', '127.0.0.3'],
    });
    const { status } = await egress.request({ url: `http://known.example.com:${server.port}/` });
    expect(status).toBe(204);
    await server.close();
  });
});
