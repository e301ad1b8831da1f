import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { piped } from '../support/piped.ts';
import { freePort } from '../support/postgres-server.ts';
import { printed, printedOn } from '../support/printed.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { runOnTerminal } from '../support/terminal.ts';
import { CREATE, GET, ISSUE, ROTATE } from './operations.ts';

const READ = 'iam:project:cicd:registry:read';
const missing = skipReason('script');

let purser: TestPurser;
let environment: Record<string, string>;
beforeAll(async () => {
  purser = await startPurser();
  environment = {
    PURSER_URL: purser.url,
    PURSER_TOKEN: purser.token(),
    PURSER_PROJECT: 'demo',
    PURSER_PIPELINE: 'web',
  };
});
afterAll(() => purser?.stop());

const run = (...argv: string[]) => printed(environment, ...argv);
const onTerminal = (...argv: string[]) => printedOn({ isTTY: true, columns: 120 }, environment, ...argv);

async function create(url: string, input: Record<string, unknown> = {}): Promise<string> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('cli'), ...input } });
  return data.createRegistry.registry.id;
}

async function stored(id: string) {
  return (await purser.graphql(GET, { id })).data.registry;
}

describe('through a pipe', () => {
  it('registers, stages, activates, rotates and deletes, with JSON as the answer', async () => {
    const passwords = ['first', 'second', 'third'].map((name) => canary(`cli-${name}`));
    const [first = '', second = '', third = ''] = passwords;
    const stdin = ['--password-stdin', '--no-test'];
    const added = await piped(
      environment,
      `${first}\n`,
      'registries',
      'add',
      'https://Piped.example/v2/',
      '--username',
      'ada',
      ...stdin,
    );
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const { registry } = JSON.parse(added.stdout);
    expect(registry).toMatchObject({ url: 'piped.example', username: 'ada', credential: { version: 1 } });

    const staged = await piped(environment, second, 'registries', 'stage', 'piped.example', '--password-stdin');
    expect(JSON.parse(staged.stdout).registry.credential).toMatchObject({ version: 1, staged: { version: 2 } });
    // Nobody answers there: what was found is told, and the exit code is that of a refusal.
    const proved = await run('registries', 'test', 'piped.example', '--staged');
    expect(proved).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(proved.stdout)).toMatchObject({
      provesEnough: false,
      reason: expect.stringContaining('Version 2'),
    });
    const activated = await run('registries', 'activate', registry.id, '--yes', '--no-test');
    expect(JSON.parse(activated.stdout).registry.credential).toMatchObject({ version: 2, staged: null });
    expect(activated.stderr).toBe('No lease is active on piped.example.\n');

    const rotated = await piped(
      environment,
      third,
      'registries',
      'rotate',
      'piped.example',
      '--yes',
      '--password-stdin',
      '--no-test',
    );
    expect(JSON.parse(rotated.stdout).registry.credential.version).toBe(3);
    const issued = await run('issue', 'piped.example/team/app:1', '--only', 'password');
    expect(issued).toEqual({ code: 0, stdout: `${third}\n`, stderr: '' });

    const inUse = await run('registries', 'delete', 'piped.example', '--yes');
    expect(inUse).toMatchObject({ code: 6, stdout: '' });
    expect(inUse.stderr).toMatch(
      /^Active leases on piped\.example: 1, of web\.\n.*\nREGISTRY_IN_USE: 1 lease is active/,
    );
    const forced = await run('registries', 'delete', 'piped.example', '--yes', '--force');
    expect(JSON.parse(forced.stdout)).toEqual({ deletedId: registry.id, url: 'piped.example' });
    expect(await stored(registry.id)).toBeNull();
    for (const { stdout, stderr } of [added, staged, activated, rotated]) {
      for (const password of passwords) expect(stdout + stderr).not.toContain(password);
    }
  });

  it('asks for nothing where nobody can answer, and changes nothing', async () => {
    const id = await create('unanswered.example');
    for (const command of ['rotate', 'delete']) {
      const { code, stderr } = await piped(environment, 'y\n', 'registries', command, id);
      expect([code, stderr]).toEqual([2, expect.stringContaining('repeat with --yes')]);
    }
    const asked = await piped(environment, '', 'registries', 'rotate', id, '--yes');
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--password-stdin')]);
    expect((await stored(id)).credential.version).toBe(1);
  });

  it('lists in pages, as many as are asked for', async () => {
    for (let number = 0; number < 3; number += 1) await create(`page-${number}.example`);
    const list = (...more: string[]) => run('registries', 'list', '--search', 'page-', '--sort', 'url', ...more);
    const two = await list('--limit', '2', '--descending');
    expect(JSON.parse(two.stdout).map(({ url }: { url: string }) => url)).toEqual(['page-2.example', 'page-1.example']);
    expect(two.stderr).toBe('There are more than these 2: use --all, or a higher --limit.\n');
    const all = await list('--all');
    expect([JSON.parse(all.stdout).length, all.stderr]).toEqual([3, '']);
    expect(JSON.parse((await list('--status', 'expired')).stdout)).toEqual([]);
  });

  it('lists leases by registry, pipeline and run', async () => {
    const id = await create('leased.example');
    for (const pipeline of ['web', 'api']) {
      await purser.graphql(ISSUE, { input: { image: 'leased.example/a', pipeline, runId: '7' } });
    }
    const found = await run('leases', '--registry', 'leased.example', '--pipeline', 'api', '--run-id', '7');
    expect(JSON.parse(found.stdout)).toMatchObject([{ registryId: id, pipeline: 'api', runId: '7', purpose: 'PULL' }]);
  });
});

describe('the exit code', () => {
  it.each([
    ['for a mistake in the command line', 2, ['registries', 'list', '--sort', 'size'], /^--sort must be one of URL, /],
    [
      'for a refused value, named with its field',
      1,
      ['issue', 'https://hub.docker.com'],
      /^BAD_USER_INPUT \(image\): /,
    ],
    [
      'for what there is not',
      5,
      ['registries', 'test', 'nowhere.example'],
      /^NOT_FOUND: project demo has no such registry/,
    ],
  ])('is its own %s', async (_, code, argv, sentence) => {
    expect(await run(...argv)).toEqual({ code, stdout: '', stderr: expect.stringMatching(sentence) });
  });

  it('is its own for a token that is refused or may not do this', async () => {
    const id = await create('forbidden.example');
    const mayRead = { ...environment, PURSER_TOKEN: purser.token({ projects: { demo: [READ] } }) };
    expect(await printed(mayRead, 'registries', 'delete', id, '--yes')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/\nFORBIDDEN: /),
    });
    expect(await printed({ ...environment, PURSER_TOKEN: 'a.b.c' }, 'leases')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^UNAUTHENTICATED: /),
    });
  });

  it('is its own for a service that cannot be reached', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await printed({ ...environment, PURSER_URL: url }, 'leases');
    expect([code, stderr]).toEqual([3, `Purser at ${url} cannot be reached (ECONNREFUSED).\n`]);
  });
});

describe('for people', () => {
  it('has tables no wider than the terminal', async () => {
    await create('table.example', { name: 'n'.repeat(200) });
    const { stdout } = await onTerminal('registries', 'list', '--search', 'table.example');
    const [titles, row, end] = stdout.split('\n');
    expect(titles).toMatch(/^URL +NAME +USER +STATUS +VERSION +EXPIRES +DUE +LEASES$/);
    expect(row).toMatch(/^table\.example +n+… +ada +ACTIVE +1 +- +- +0$/);
    // The row ends with one digit below LEASES.
    expect([row?.length, titles?.length, end]).toEqual([115, 120, '']);
    expect(JSON.parse((await onTerminal('registries', 'list', '--json', '--search', 'table.')).stdout)).toHaveLength(1);
  });

  it('shows an issued password only if it is asked for', async () => {
    const password = canary('cli-shown');
    await create('shown.example', { password });
    const { stdout } = await onTerminal('issue', 'shown.example/a');
    expect(stdout).toMatch(/^Server +shown\.example\nUser name +ada\nPassword +not shown: --only password\n/);
    expect(stdout).not.toContain(password);
    expect((await onTerminal('issue', 'shown.example/a', '--only', 'docker-config')).stdout).toContain('"auths"');
  });
});

describe.skipIf(missing)(titled('on a terminal', missing), () => {
  it('asks for a password without showing it, and tells who uses what is rotated', async () => {
    const password = canary('cli-typed');
    const add = runOnTerminal(['registries', 'add', 'typed.example', '--username', 'ada', '--no-test'], environment);
    await add.answer('Password of ada at typed.example: ', `${password}\r`);
    expect(await add.ended).toBe(0);
    expect(add.shown()).toMatch(/Registered typed\.example\.\s+URL +typed\.example\s/);
    expect(add.shown()).not.toContain(password);
    const issued = await purser.graphql(ISSUE, {
      input: { image: 'typed.example/a', pipeline: 'web/deploy', runId: '7' },
    });
    expect(issued.data.issueCredential.password).toBe(password);

    const rotate = runOnTerminal(['registries', 'rotate', 'typed.example', '--no-test'], environment);
    await rotate.answer('Replace the password of typed.example? [y/N] ', 'y\r');
    await rotate.answer('New password of ada at typed.example: ', `${canary('cli-typed')}\r`);
    expect(await rotate.ended).toBe(0);
    expect(rotate.shown()).toContain('Active leases on typed.example: 1, of web/deploy (run 7).');
    expect(rotate.shown()).toMatch(/typed\.example has version 2\..*Warning: 1 lease still holds version 1/s);
    expect(rotate.shown()).not.toContain('CANARY');
  });

  it('changes nothing if the registry changed while it asked, or if several lines were pasted', async () => {
    const id = await create('raced.example');
    const question = 'New password of ada at raced.example: ';
    const pasted = runOnTerminal(['registries', 'rotate', id, '--yes', '--no-test'], environment);
    await pasted.answer(question, '-----BEGIN KEY-----\rCANARY\r');
    expect([await pasted.ended, pasted.shown()]).toEqual([2, expect.stringContaining('use --password-stdin < file')]);
    expect(pasted.shown()).not.toContain('CANARY');

    const slow = runOnTerminal(['registries', 'rotate', id, '--yes', '--no-test'], environment);
    await slow.answer(question, '');
    await purser.graphql(ROTATE, { id, input: { password: canary('cli-meanwhile') } });
    await slow.answer(question, `${canary('cli-late')}\r`);
    expect([await slow.ended, slow.shown()]).toEqual([
      6,
      expect.stringContaining('REVISION_CONFLICT (expectedRevision): '),
    ]);
    expect((await stored(id)).credential.version).toBe(2);
  });

  it('deletes only what was typed, and stops at Ctrl-C', async () => {
    const id = await create('kept.example');
    const mistyped = runOnTerminal(['registries', 'delete', 'kept.example'], environment);
    await mistyped.answer('Type kept.example to go on: ', 'y\r');
    expect([await mistyped.ended, mistyped.shown()]).toEqual([1, expect.stringContaining('Nothing was done.')]);
    const stopped = runOnTerminal(['registries', 'rotate', id, '--yes'], environment);
    await stopped.answer('New password of ada at kept.example: ', '\u0003');
    expect([await stopped.ended, stopped.shown()]).toEqual([
      130,
      expect.stringContaining('Stopped: nothing was done.'),
    ]);
    expect((await stored(id)).credential.version).toBe(1);
    const typed = runOnTerminal(['registries', 'delete', id], environment);
    await typed.answer('Type kept.example to go on: ', 'kept.example\r');
    expect(await typed.ended).toBe(0);
    expect(await stored(id)).toBeNull();
  });
});
