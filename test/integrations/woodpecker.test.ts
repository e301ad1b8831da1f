import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
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
const servers = z.array(z.looseObject({ publicKey: z.string() })).parse(JSON.parse(SERVERS));
/** With the key of the double, as its operator puts it in. */
const filledIn = JSON.stringify(servers.map((each) => ({ ...each, publicKey: server.publicKey })));
const password = canary('woodpecker-settings');

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { WOODPECKER_SERVERS: filledIn } });
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

it('the declared server is taken once its key is filled in: a key of the example could be one that somebody else has', () => {
  expect(() => parseWoodpeckerServers(SERVERS)).toThrow(/publicKey.*\/api\/signature\/public-key/s);
  expect(parseWoodpeckerServers(filledIn)).toMatchObject([{ url: 'https://ci.example.com', projects: ['demo'] }]);
});
