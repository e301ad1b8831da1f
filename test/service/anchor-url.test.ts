import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { examine } from '../support/doctor.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { printed } from '../support/printed.ts';
import { startPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, GET, ROTATE } from './operations.ts';

type Environment = Readonly<Record<string, string>>;

const token = canary('anchor-reader');
const NO_COMPARISON = 'none to compare with: an older log and vault, restored together, is not found';
let server: Server;
/** The lines that it keeps. */
let kept = '';
/** What it answers to reads. */
let status: number;
let folder: string;
let url: string;
let environment: Environment;
/** The same database before its last event. */
let older: Environment;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anchor-url-'));
  server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
    if (request.method === 'POST') kept += body;
    return request.method === 'POST' ? response.writeHead(204).end() : response.writeHead(status).end(kept);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${Object(server.address()).port}`;
  url = `http://${host}/heads?for=purser`;
  const settings = {
    AUDIT_ANCHOR_URL: url,
    AUDIT_ANCHOR_AUTHORIZATION: `Bearer ${token}`,
    EGRESS_ALLOW: host,
    PLAIN_HTTP_HOSTS: host,
    PURSER_DATA_DIR: folder,
  };
  const first = await startPurser({ environment: settings });
  environment = first.environment;
  const input = { url: 'ghcr.io', username: 'ada', password: canary('anchor-url') };
  const { id } = (await first.graphql(CREATE, { input })).data.createRegistry.registry;
  await first.graphql(GET, { id });
  // What was not anchored yet is, at the stop.
  await first.stop();
  await run(environment, 'backup', join(folder, 'older'));
  older = { ...environment, DATABASE_URL: await createEmptyDatabase() };
  await run(older, 'restore', join(folder, 'older'));

  const second = await startPurser({ replicaOf: first });
  await second.graphql(ROTATE, { id, input: { password: canary('anchor-url') } });
  await second.graphql(GET, { id });
  await second.stop();
}, 90_000);
beforeEach(() => {
  status = 200;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function run(env: Environment, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await printed(env, ...argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('the heads that AUDIT_ANCHOR_URL keeps', () => {
  it.each([['by itself'], ['with --anchor']])('are compared by purser doctor %s', async (how) => {
    const argv = how === 'by itself' ? [] : ['--anchor', url];
    const { wrong, of } = await examine(environment, ...argv);
    expect(wrong).toEqual({});
    expect(of('anchors').found).toBe('2 anchored heads found in the logs');
    const restored = await examine(older, ...argv);
    expect(restored.wrong).toEqual({ anchors: 'failed' });
    expect(restored.of('anchors').found).toContain('the log is older than its anchor');
  });

  it('are compared by purser audit verify, which finds what was cut off', async () => {
    const stdout = await run(environment, 'audit', 'export', '--project', 'demo');
    const [header, ...lines] = stdout.split('\n');
    const first = lines.find((line) => line.includes('"record":"entry"')) ?? '';
    const { sequence: lastSequence, hash: lastHash } = JSON.parse(first);
    const end = JSON.stringify({ record: 'end', entries: 1, lastSequence, lastHash });
    const [whole, cut] = [join(folder, 'whole.ndjson'), join(folder, 'cut.ndjson')];
    await writeFile(whole, stdout);
    await writeFile(cut, [header, first, end, ''].join('\n'));
    const [{ key }] = await withClient(
      environment.DATABASE_URL ?? '',
      async (client) => (await client.query(`select encode(public_key, 'base64') as key from vault.audit_keys`)).rows,
    );
    const verify = (env: Environment, file: string) =>
      printed(env, 'audit', 'verify', file, '--public-key', key, '--anchor', url);
    expect(await verify(environment, whole)).toMatchObject({ code: 0, stderr: '' });
    expect(await verify(environment, cut)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('by the anchor, entry 2: the end is missing, from this entry on (CUT)'),
    });
    const { AUDIT_ANCHOR_AUTHORIZATION: _none, AUDIT_ANCHOR_URL: _either, ...others } = environment;
    expect(await verify(others, whole)).toMatchObject({
      code: 1,
      stderr: `The anchor ${url} answered with status 401.\n`,
    });
  });

  it('cannot be compared if it only takes them: the line says so, and with --anchor it is a fault', async () => {
    const file = join(folder, 'heads');
    await writeFile(file, kept);
    for (status of [404, 405, 501]) {
      expect((await examine(environment)).of('anchors')).toMatchObject({
        status: 'ok',
        found: `AUDIT_ANCHOR_URL answers no reads (${status}); ${NO_COMPARISON}`,
      });
    }
    expect((await examine({ ...environment, AUDIT_ANCHOR_FILE: file })).of('anchors')).toMatchObject({
      status: 'ok',
      found: '2 anchored heads found in the logs; AUDIT_ANCHOR_URL answers no reads (501)',
    });
    expect((await examine(environment, '--anchor', url)).of('anchors').status).toBe('failed');
  });

  it('that cannot be had are a fault, and no line has a secret', async () => {
    for (status of [500, 302]) {
      const { checks, of } = await examine(environment);
      expect(of('anchors')).toMatchObject({
        status: 'failed',
        found: `it broke off: AUDIT_ANCHOR_URL answered with status ${status}`,
      });
      expect(JSON.stringify(checks)).not.toContain(token);
      expect(JSON.stringify(checks)).not.toContain('for=purser');
    }
  });
});
