import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { parseWoodpeckerServers } from '../../src/adapters/auth/woodpecker-servers.ts';
import { canary } from '../support/canary.ts';
import { askFor } from '../support/credential-asks.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { createWoodpeckerDouble } from '../support/woodpecker.ts';

const FOLDER = join(import.meta.dirname, '../../integrations/woodpecker');
const SERVERS = readFileSync(join(FOLDER, 'purser-servers.json'), 'utf8');
const settings = Object.fromEntries(
  readFileSync(join(FOLDER, 'server.env'), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z_]+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
const endpoint = new URL(settings.WOODPECKER_REGISTRY_EXTENSION_ENDPOINT ?? '');
const server = createWoodpeckerDouble();
const password = canary('woodpecker-settings');

let purser: TestPurser;
beforeAll(async () => {
  const [example, ...others] = z.array(z.looseObject({ publicKey: z.string() })).parse(JSON.parse(SERVERS));
  expect(others).toEqual([]);
  // The double signs with a key that is made anew each time.
  const servers = [{ ...example, publicKey: server.publicKey }];
  purser = await startPurser({ environment: { WOODPECKER_SERVERS: JSON.stringify(servers) } });
  await purser.graphql(
    'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
    { input: { url: 'ghcr.io', username: 'robot', password } },
  );
});
afterAll(() => purser?.stop());

it('the settings of a Woodpecker server lead to what the service gives', async () => {
  expect(settings.WOODPECKER_EXTENSIONS_ALLOWED_HOSTS).toBe(endpoint.host);
  const ask = server.ask({ query: endpoint.search.slice(1) });
  expect(ask.path).toBe(`${endpoint.pathname}${endpoint.search}`);
  const answer = await askFor(purser, ask);
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ registries: [{ address: 'ghcr.io', username: 'robot', password }] });
});

it('the declared server is one that the service takes', () => {
  expect(parseWoodpeckerServers(SERVERS)).toMatchObject([{ url: 'https://ci.example.com', projects: ['demo'] }]);
});
