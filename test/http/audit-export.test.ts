import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startHttpService } from '../support/http-service.ts';

const PAGE = `${'x'.repeat(1024 * 1024)}\n`;

/** The server in front of a log that has no end, and a client that has asked for it. */
async function ask({ exportStalledMs, ttlSeconds }: { readonly exportStalledMs: number; readonly ttlSeconds: number }) {
  const seen = { pages: 0, ended: 0 };
  const service = await startHttpService({
    config: { exportStalledMs },
    deps: {
      beginAuditExport: async () => ({
        pages: (async function* () {
          for (;;) {
            seen.pages += 1;
            yield PAGE;
          }
        })(),
        end: async () => {
          seen.ended += 1;
        },
      }),
    },
  });
  const url = new URL(service.url);
  const socket: Socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  const token = service.issuer.token({ ttlSeconds });
  socket.write(`GET /v1/audit/export?project=demo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return { service, socket, seen };
}

it('an export reads no further than its client, and gives up a client that reads nothing', async () => {
  const { service, socket, seen } = await ask({ exportStalledMs: 300, ttlSeconds: 60 });
  await once(socket, 'readable');
  await expect.poll(() => seen.ended).toBe(1);
  // As much as the sockets hold between both.
  expect(seen.pages).toBeLessThan(30);
  socket.destroy();
  await service[Symbol.asyncDispose]();
});

it('an export ends with the token of its caller', async () => {
  const { service, socket, seen } = await ask({ exportStalledMs: 10_000, ttlSeconds: 2 });
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  await once(socket, 'close');
  expect(received).toBeGreaterThan(0);
  await expect.poll(() => seen.ended).toBe(1);
  await service[Symbol.asyncDispose]();
});
