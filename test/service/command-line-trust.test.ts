import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { createGithub } from '../support/ci-issuers.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { piped } from '../support/piped.ts';
import { printed, printedOn } from '../support/printed.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { PROGRAM } from '../support/purser-process.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { until } from '../support/until.ts';
import { CREATE, GET, ROTATE } from './operations.ts';

const github = createGithub();
const people = createTestIssuer();
let purser: TestPurser;
let environment: Record<string, string>;
let registryId: string;
beforeAll(async () => {
  purser = await startPurser({ environment: { JWT_ISSUERS: JSON.stringify([people.issuerConfig, github.entry]) } });
  environment = { PURSER_URL: purser.url, PURSER_TOKEN: people.token(), PURSER_PROJECT: 'demo' };
  const input = { url: 'noticed.example', username: 'ada', password: canary('noticed') };
  registryId = (await purser.graphql(CREATE, { input }, people.token())).data.createRegistry.registry.id;
});
afterAll(() => purser?.stop());

const run = (...argv: string[]) => printed(environment, ...argv);
const onTerminal = (...argv: string[]) => printedOn({ isTTY: true, columns: 140 }, environment, ...argv);

describe('purser trust', () => {
  it('creates a rule from a preset, explains a token by it, changes and deletes it', async () => {
    const preset = ['--preset', 'github', '--claim', 'repository_id=74', '--name', 'web, main'];
    const created = await run('trust', 'create', ...preset, '--registry', 'noticed.example', '--allow-password');
    expect(created).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(Warning: .*\n)*$/) });
    const { rule } = JSON.parse(created.stdout);
    expect(rule).toMatchObject({
      name: 'web, main',
      issuer: github.issuer,
      permissions: ['iam:project:cicd:registry:use'],
      registryIds: [registryId],
      pipelineClaim: 'workflow_ref',
    });
    expect(rule.matches).toContainEqual({ claim: 'repository_id', equals: ['74'], startsWith: null });
    expect(rule.matches).toContainEqual({ claim: 'ref', equals: ['refs/heads/main'], startsWith: null });

    const right = await piped(environment, `${github.token()}\n`, 'trust', 'check');
    expect([right.code, JSON.parse(right.stdout)]).toMatchObject([0, { granted: true, rules: [{ met: true }] }]);
    const fork = await piped(environment, github.token({ claims: { repository_id: '75' } }), 'trust', 'check');
    expect([fork.code, JSON.parse(fork.stdout)]).toMatchObject([1, { granted: false, rules: [{ met: false }] }]);
    expect(JSON.parse(fork.stdout).rules[0].reason).toContain('repository_id');
    expect((await piped(environment, '', 'trust', 'check')).code).toBe(2);

    const updated = await run(
      'trust',
      'update',
      'web, main',
      '--name',
      'web',
      '--claim',
      'repository_id=74',
      '--claim-prefix',
      'ref=refs/heads/',
      '--claim',
      'event_name=push',
    );
    expect(JSON.parse(updated.stdout).rule).toMatchObject({
      id: rule.id,
      name: 'web',
      revision: rule.revision + 1,
      allowPassword: true,
    });
    expect((await onTerminal('trust', 'list')).stdout).toMatch(
      /^NAME +ISSUER +CLAIMS .*\nweb +https:.* repository_id = 74/,
    );
    expect(await run('trust', 'delete', 'web', '--yes')).toMatchObject({
      code: 0,
      stdout: `{"deletedId":"${rule.id}"}\n`,
    });
    expect(await run('trust', 'list')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('says what is missing or wrong in a rule', async () => {
    const cases: [code: number, sentence: RegExp, ...argv: string[]][] = [
      [2, /^--name is missing: a rule can also begin with --preset github\.\n/, 'create'],
      [2, /^--claim must name a claim and its text/, 'create', '--claim', 'ref'],
      [
        1,
        /^BAD_USER_INPUT \(matches.*\): /,
        'create',
        '--preset',
        'github',
        '--name',
        'a',
        '--claim',
        'repository_id='.concat(' '),
      ],
      [5, /^NOT_FOUND: there is no preset jenkins\. There are GitHub Actions, /, 'create', '--preset', 'jenkins'],
      [5, /^NOT_FOUND: project demo has no such trust rule/, 'delete', 'nobody', '--yes'],
    ];
    for (const [code, sentence, ...argv] of cases) {
      expect(await run('trust', ...argv)).toEqual({ code, stdout: '', stderr: expect.stringMatching(sentence) });
    }
  });

  it('shows the presets, and all about one', async () => {
    expect(JSON.parse((await run('trust', 'presets')).stdout).length).toBeGreaterThan(5);
    expect((await onTerminal('trust', 'presets', '--name', 'gitlab')).stdout).toMatch(
      /^Name +GitLab\.com\nIssuer +https:\/\/gitlab\.com\n/,
    );
  });
});

describe('purser notices', () => {
  const rotate = () =>
    purser.graphql(ROTATE, { id: registryId, input: { password: canary('noticed') } }, people.token());

  it('follows without losing one while the connection is broken, and lists the newest first', async () => {
    const proxy = await startCuttingProxy({ port: Number(new URL(purser.url).port), host: '127.0.0.1' });
    const follower = spawn(process.execPath, [PROGRAM, 'notices', '--follow', '--registry', 'noticed.example'], {
      env: { ...environment, PURSER_URL: `http://127.0.0.1:${proxy.port}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const seen: { kind: string; credentialVersion: number }[] = [];
      createInterface({ input: follower.stdout }).on('line', (line) => seen.push(JSON.parse(line)));
      // From when on it follows is its own to say.
      await until(async () => {
        if (seen.length === 0) await rotate();
        return seen.length > 0;
      });
      proxy.goDown();
      await rotate();
      await rotate();
      proxy.comeBack();
      await rotate();
      const { data } = await purser.graphql(GET, { id: registryId }, people.token());
      const last = data.registry.credential.version;
      await until(async () => seen.at(-1)?.credentialVersion === last);
      const versions = seen.map(({ credentialVersion }) => credentialVersion);
      expect(versions).toEqual(versions.map((_, index) => last - versions.length + 1 + index));

      const listed = await run('notices', '--limit', '2');
      expect(JSON.parse(listed.stdout)).toMatchObject([{ credentialVersion: last }, { credentialVersion: last - 1 }]);
      expect((await onTerminal('notices', '--limit', '1')).stdout).toMatch(
        /^TIME +KIND +URL +MESSAGE\n\S+ \S+ +ROTATED +noticed\.example +/,
      );
    } finally {
      follower.kill('SIGKILL');
      await proxy.close();
    }
  });

  it('ends with the exit code of a refusal: a token that has no right, a cursor of another project', async () => {
    const other = { ...environment, PURSER_TOKEN: people.token({ projects: { demo: [] } }) };
    expect((await printed(other, 'notices', '--follow', '--after', 'x')).code).toBe(4);
    const wrong = await run('notices', '--follow', '--after', 'x');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^BAD_USER_INPUT \(after\): /)]);
  });
});
