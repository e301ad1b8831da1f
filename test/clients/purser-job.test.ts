import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { type AskedHandler, type AskedServer, startAskedServer } from './asked-server.ts';
import { createShellMachines, type ShellMachines, TOOLS_OF_SCRIPTS } from './shell-machines.ts';

const TOKEN = canary('of-job');
const [FIRST, SECOND] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
const missing = skipReason(...TOOLS_OF_SCRIPTS);

describe.skipIf(missing)(titled('purser-job', missing), () => {
  let server: AskedServer;
  let machines: ShellMachines;
  let config: string;
  const answers: AskedHandler = ({ body }, response) => {
    const isRefused = body.includes(FIRST);
    response.end(
      isRefused
        ? '{"errors":[{"message":"There is no such lease.","extensions":{"code":"NOT_FOUND"}}]}'
        : `{"data":{"it":{"id":"${SECOND}"}}}`,
    );
  };

  beforeAll(async () => {
    machines = await createShellMachines();
    server = await startAskedServer(answers);
    config = join(machines.folder, 'docker');
    await mkdir(config);
  });
  afterAll(async () => {
    await server?.stop();
    await machines?.remove();
  });
  beforeEach(() => {
    server.seen.length = 0;
  });

  const run = (args: readonly string[], input = '', changes: Record<string, string> = {}) =>
    machines.run('purser-job', ['dash', 'curl'], {
      args,
      input,
      environment: {
        PURSER_URL: server.url,
        PURSER_PROJECT: 'demo',
        PURSER_PIPELINE: 'group/web',
        PURSER_RUN_ID: '574',
        PURSER_TOKEN: TOKEN,
        DOCKER_CONFIG: config,
        ...changes,
      },
    });

  it('sends the end of a log, which other users of the machine see in no arguments', async () => {
    const said = canary('in-the-log');
    expect(await run(['report', 'ghcr.io'], `denied: "${said}"\n`)).toMatchObject({ code: 0, stderr: '' });
    const [request] = server.seen;
    expect(request?.authorization).toBe(`Bearer ${TOKEN}`);
    expect(JSON.parse(request?.body ?? '').variables.i.message).toBe(`denied: "${said}" `);
    const given = await machines.argumentsGiven();
    expect(given).toContain('/graphql');
    for (const hidden of [said, TOKEN]) expect(given).not.toContain(hidden);
    expect(await machines.leftBehind()).toBe('');
  });

  it('gives back the other leases if one is refused, and keeps all for another time', async () => {
    const leases = join(config, 'purser-leases');
    await writeFile(leases, `${FIRST}\n${SECOND}\n`);
    const { code, stderr } = await run(['release']);
    expect(code).toBe(1);
    expect(stderr).toBe('purser-job: Purser refused this (NOT_FOUND): There is no such lease.\n');
    expect(server.seen.map(({ body }) => JSON.parse(body).variables.i)).toEqual([FIRST, SECOND]);
    expect(await readFile(leases, 'utf8')).toBe(`${FIRST}\n${SECOND}\n`);
  });

  it.each([
    ['a purpose that would be more of the request', { PURSER_PURPOSE: 'PULL","image":"https://other.example' }],
    ['a time that is no number', { PURSER_TTL_SECONDS: '900,"image":"https://other.example"' }],
    ['two tokens', { PURSER_ID_TOKEN: canary('of-another') }],
  ])('refuses %s, and sends nothing', async (_, changes) => {
    const { code, stderr } = await run(['login', 'ghcr.io'], '', changes);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^purser-job: .*PURSER_(PURPOSE|TTL_SECONDS|ID_TOKEN)/);
    expect(server.seen).toEqual([]);
  });
});
