import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { piped } from '../support/piped.ts';
import { printed, printedOn } from '../support/printed.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { runOnTerminal } from '../support/terminal.ts';
import { BY_URL, CREATE, ISSUE, LIST } from './operations.ts';

const missing = skipReason('docker-registry', 'htpasswd', 'script');

describe.skipIf(missing)(titled('purser import', missing), () => {
  const [right, wrong] = [canary('import-right'), canary('import-wrong')];
  let purser: TestPurser;
  let registry: DockerRegistry;
  let refusing: DockerRegistry;
  let folder: string;
  let file: string;
  let environment: Record<string, string>;
  let callers = 0;

  beforeAll(async () => {
    [registry, refusing, folder] = await Promise.all([
      startDockerRegistry({ tls: false }),
      startDockerRegistry({ tls: false }),
      mkdtemp(join(tmpdir(), 'purser-import-')),
    ]);
    await registry.setPassword('robot', right);
    purser = await startPurser({
      environment: { EGRESS_ALLOW: 'localhost', PLAIN_HTTP_HOSTS: `${registry.host},${refusing.host}` },
    });
    file = join(folder, 'config.json');
    await write(right);
  });
  // Tests of logins are limited for each caller.
  beforeEach(() => {
    callers += 1;
    environment = {
      PURSER_URL: purser.url,
      PURSER_TOKEN: purser.token({ subject: `caller ${callers}` }),
      PURSER_PROJECT: 'demo',
    };
  });
  afterAll(async () => {
    await Promise.all([purser?.stop(), registry?.stop(), refusing?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const entry = (username: string, password: string) => ({
    auth: Buffer.from(`${username}:${password}`).toString('base64'),
  });
  const write = (password: string) =>
    writeFile(
      file,
      JSON.stringify({
        auths: { [registry.host]: entry('robot', password), [refusing.host]: entry('robot', wrong) },
        credHelpers: { 'helped.example': 'ecr-login' },
      }),
    );
  const run = (...argv: string[]) => printed(environment, 'import', file, ...argv);
  const done = (stdout: string) =>
    Object.fromEntries(
      JSON.parse(stdout).map((each: Record<string, string>) => [each.registry, each.did ?? each.will]),
    );

  it('shows first what it would do, and does nothing in a dry run, or where nobody can be asked', async () => {
    const dry = await run('--dry-run');
    expect([dry.code, done(dry.stdout)]).toEqual([
      1,
      { [registry.host]: 'REGISTER', [refusing.host]: 'REFUSE', 'helped.example': 'REFUSE' },
    ]);
    const reasons = JSON.parse(dry.stdout).map(({ reason }: { reason: string }) => reason);
    expect(reasons).toEqual([
      'Its login was accepted.',
      expect.stringMatching(/^AUTHENTICATION_FAILED: /),
      expect.stringContaining('docker-credential-ecr-login'),
    ]);
    const table = await printedOn({ isTTY: true, columns: 100 }, environment, 'import', file, '--dry-run');
    expect(table.stdout).toMatch(
      /^REGISTRY +USER +WILL +WHY\nlocalhost:\d+ +robot +REGISTER +Its login was accepted\.\n/,
    );
    expect((await purser.graphql(LIST)).data.registries.totalCount).toBe(0);

    const unasked = await run('--no-test');
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('repeat with --yes')]);
    const data = { '.dockerconfigjson': Buffer.from(await readFile(file)).toString('base64') };
    const secret = stringify({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', data });
    const fromPipe = await piped(environment, secret, 'import', '-', '--dry-run', '--no-test');
    expect(done(fromPipe.stdout)).toMatchObject({ [registry.host]: 'REGISTER', [refusing.host]: 'REGISTER' });
    expect((await purser.graphql(LIST)).data.registries.totalCount).toBe(0);
    for (const { stdout, stderr } of [dry, table, fromPipe]) expect(stdout + stderr).not.toMatch(/CANARY/);
  });

  it('asks on a terminal, registers what was accepted with what its test found, and takes nothing twice', async () => {
    const asked = runOnTerminal(['import', file], environment);
    await asked.answer('Take 1 of these 3? [y/N] ', 'y\r');
    expect(await asked.ended).toBe(1);
    expect(asked.shown()).toContain('1 registered, 2 refused');
    expect(asked.shown()).not.toContain('CANARY');
    const { registryByUrl } = (await purser.graphql(BY_URL, { url: registry.host })).data;
    expect(registryByUrl).toMatchObject({ username: 'robot', health: { outcome: 'OK' } });
    const issued = await purser.graphql(ISSUE, { input: { image: `${registry.host}/a`, pipeline: 'web' } });
    expect(issued.data.issueCredential.password).toBe(right);

    const again = await run('--no-test', '--dry-run');
    expect(done(again.stdout)).toMatchObject({ [registry.host]: 'SKIP', [refusing.host]: 'REGISTER' });
  });

  it('rotates what is there only if told so, once for each password, and again after another rotation', async () => {
    const { data } = await purser.graphql(CREATE, {
      input: { url: 'rotated.example', username: 'robot', password: canary('import-old') },
    });
    expect(data.createRegistry.registry.credential.version).toBe(1);
    const version = async () =>
      (await purser.graphql(BY_URL, { url: 'rotated.example' })).data.registryByUrl.credential.version;
    const rotate = async (password: string) => {
      await writeFile(file, JSON.stringify({ auths: { 'rotated.example': entry('robot', password) } }));
      const { code, stdout } = await run('--rotate-existing', '--no-test', '--yes');
      return [code, done(stdout)['rotated.example'], await version()];
    };
    const [first, second] = [canary('import-new'), canary('import-newer')];
    expect(await rotate(first)).toEqual([0, 'ROTATED', 2]);
    // The caller is the same one: an interrupted import is run again.
    expect(await rotate(first)).toEqual([0, 'SKIPPED', 2]);
    expect(await rotate(second)).toEqual([0, 'ROTATED', 3]);
    expect(await rotate(first)).toEqual([0, 'ROTATED', 4]);
    const issued = await purser.graphql(ISSUE, { input: { image: 'rotated.example/a', pipeline: 'web' } });
    expect(issued.data.issueCredential.password).toBe(first);
  });

  it('stops with its exit code where nothing more can be taken', async () => {
    environment = { ...environment, PURSER_TOKEN: purser.token({ projects: { demo: [] } }) };
    expect((await run('--yes')).code).toBe(4);
  });
});
