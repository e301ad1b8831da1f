import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { canary } from '../../support/canary.ts';

/** A provider of robot accounts: a label is given once, and its secret shown once. */
export interface RobotProvider extends AsyncDisposable {
  readonly url: string;
  labels(registryId: string): string[];
  secretOf(label: string): string | undefined;
  /** Every label that was ever created. */
  readonly created: readonly string[];
  /** Done once, between the next request for a robot and its creation. */
  beforeNextCreation: (() => Promise<unknown>) | undefined;
}

export async function startRobotProvider(): Promise<RobotProvider> {
  const robots = new Map<string, { readonly registryId: string; readonly secret: string }>();
  const created: string[] = [];
  const labels = (registryId: string) =>
    [...robots].filter(([, robot]) => robot.registryId === registryId).map(([label]) => label);

  const server = createServer(async (request, response) => {
    const [registryId = '', label = ''] = (request.url ?? '').split('/').slice(1);
    if (request.method === 'GET') return response.end(JSON.stringify(labels(registryId)));
    if (request.method === 'DELETE') return response.writeHead(robots.delete(label) ? 204 : 404).end();
    const asked = (await json(request)) as { label: string };
    const { beforeNextCreation: before } = provider;
    provider.beforeNextCreation = undefined;
    await before?.();
    if (created.includes(asked.label)) return response.writeHead(409).end();
    const secret = canary('robot');
    created.push(asked.label);
    robots.set(asked.label, { registryId, secret });
    return response.writeHead(201).end(JSON.stringify({ secret }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const provider: RobotProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    labels,
    secretOf: (label) => robots.get(label)?.secret,
    created,
    beforeNextCreation: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}
