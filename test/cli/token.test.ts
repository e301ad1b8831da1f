import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDevelopmentIssuer } from '../../src/adapters/auth/development-issuer.ts';
import { createKeySets } from '../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../src/adapters/auth/token-verifier.ts';
import { runProgram } from '../../src/cli/program.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { fetchNothing } from '../support/fetch-nothing.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-token-'));
});
afterEach(() => rm(folder, { recursive: true }));

const dataDir = () => join(folder, 'data');

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(
    ['token', ...argv],
    { PURSER_DATA_DIR: dataDir(), ...env },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { exitCode, ...written };
}

async function principalOf(token: string) {
  const issuers = [(await openDevelopmentIssuer(dataDir())).issuerConfig];
  const keySets = createKeySets(issuers, { clock: Date.now, fetchJson: fetchNothing });
  return createAuthenticator({ issuers, keySets, clock: Date.now }).authenticate(token);
}

test('prints a token and nothing else, before the service was ever started', async () => {
  const { exitCode, stdout, stderr } = await run(['--project', 'demo']);

  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const principal = await principalOf(stdout.trim());
  expect(principal.subject).toBe('developer');
  expect(principal.grants).toEqual(new Map([['demo', new Set(Object.values(PERMISSIONS))]]));
  expect(Math.abs(principal.expiresAt - Date.now() - 3_600_000)).toBeLessThan(60_000);
});

test('grants only the named permissions, in each of the projects', async () => {
  const { stdout } = await run([
    '--project=a',
    '--project=b',
    `--permission=${PERMISSIONS.registryRead}`,
    `--permission=${PERMISSIONS.auditRead}`,
    '--subject=ci runner',
    '--ttl=7d',
  ]);

  const principal = await principalOf(stdout.trim());
  const granted = new Set([PERMISSIONS.registryRead, PERMISSIONS.auditRead]);
  expect(principal.subject).toBe('ci runner');
  expect(principal.grants).toEqual(
    new Map([
      ['a', granted],
      ['b', granted],
    ]),
  );
  expect(Math.abs(principal.expiresAt - Date.now() - 604_800_000)).toBeLessThan(60_000);
});

describe('prints a sentence and no token, and fails,', () => {
  const cases: Readonly<Record<string, readonly [argv: readonly string[], sentence: string | RegExp]>> = {
    'without a project': [[], 'Name the project that the token is for: purser token --project'],
    'for an empty project': [['--project', ''], 'must have 1 to 255 visible characters'],
    'for a project that no token may name': [['--project', '__proto__'], 'must have 1 to 255 visible characters'],
    'for an empty subject': [['--project', 'demo', '--subject', ''], 'must have 1 to 255 visible characters'],
    'for an unknown permission, with those that there are': [
      ['--project', 'demo', '--permission', 'registry:read'],
      new RegExp(`no permission "registry:read"[^]*${Object.values(PERMISSIONS).join('[^]*')}`),
    ],
    'for a permission in capitals': [
      ['--project', 'demo', '--permission', PERMISSIONS.registryRead.toUpperCase()],
      'There is no permission',
    ],
    'for an invalid lifetime': [
      ['--project', 'demo', '--ttl', 'forever'],
      '--ttl "forever" is not a lifetime: write 90s, 30m, 1h or 7d',
    ],
    'for an unknown option': [['--project', 'demo', '--admin'], '--admin'],
    'for an argument too many': [['demo'], 'usage: purser token'],
    'for an option without its value': [['--project'], 'usage: purser token'],
    'for so many projects that no service would take the token': [
      Array.from({ length: 100 }, (_, n) => `--project=project-${n}`),
      'more than 8192 characters: name fewer projects',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [argv, sentence]) => {
    const { exitCode, stdout, stderr } = await run(argv);

    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\bat .*:\d+/);
  });

  test.each([
    ['in production', { NODE_ENV: 'production' }, 'There is no development issuer in production'],
    ['where other issuers are configured', { JWT_ISSUERS: '[]' }, 'JWT_ISSUERS is set'],
  ])('%s, and makes no key', async (_, env, sentence) => {
    const { exitCode, stdout, stderr } = await run(['--project', 'demo'], env);

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(sentence);
    expect(await readdir(folder)).toEqual([]);
  });
});
