import { execFile } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { RevokedTokensError } from '../../../src/adapters/auth/revoked-tokens.ts';
import { openRevokedTokensFile } from '../../../src/adapters/auth/revoked-tokens-file.ts';

const execute = promisify(execFile);
const ISSUER = 'https://id.example';
const WITHIN_TWO_SECONDS = { timeout: 2_000, interval: 50 };
const lines = (...ids: string[]) => ids.map((jti) => `${JSON.stringify({ issuer: ISSUER, jti })}\n`).join('');

let folder: string;
let path: string;
let faults: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-revoked-'));
  path = join(folder, 'revoked.jsonl');
  faults = [];
});
afterEach(() => rm(folder, { recursive: true }));

async function opened(file = path) {
  const list = await openRevokedTokensFile({
    path: file,
    issuers: new Set([ISSUER]),
    onFault: (fault) => faults.push(fault),
  });
  onTestFinished(() => list.close());
  let changes = 0;
  list.onChange(() => changes++);
  const revoked = () =>
    ['a', 'b', 'c']
      .filter((tokenId) => list.isRevoked({ issuer: ISSUER, subject: 'alice', tokenId, issuedAt: 0 }))
      .join('');
  return { revoked, changes: () => changes };
}

describe('the file of revoked tokens takes effect within two seconds after it', () => {
  it('was written again', async () => {
    await writeFile(path, lines('a'));
    const { revoked, changes } = await opened();
    expect(revoked()).toBe('a');
    await writeFile(path, lines('a', 'b'));
    await expect.poll(revoked, WITHIN_TWO_SECONDS).toBe('ab');
    expect(changes()).toBeGreaterThan(0);
  });

  it('was replaced by a renamed file of the same size', async () => {
    await writeFile(path, lines('a'));
    const { revoked } = await opened();
    await writeFile(`${path}.new`, lines('b'));
    await rename(`${path}.new`, path);
    await expect.poll(revoked, WITHIN_TWO_SECONDS).toBe('b');
  });

  it('was replaced the way Kubernetes mounts a ConfigMap: a link to a folder is pointed elsewhere', async () => {
    for (const [version, id] of [
      ['..1', 'a'],
      ['..2', 'b'],
    ] as const) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'revoked.jsonl'), lines(id));
    }
    await symlink('..1', join(folder, '..data'));
    await symlink('..data/revoked.jsonl', path);
    const { revoked } = await opened();
    expect(revoked()).toBe('a');
    await symlink('..2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await expect.poll(revoked, WITHIN_TWO_SECONDS).toBe('b');
  });
});

describe('a file of revoked tokens that cannot be used', () => {
  it.each([
    ['is missing', undefined, /REVOKED_TOKENS_FILE \(.*revoked\.jsonl\): cannot be read \(ENOENT\)/],
    ['is malformed', `${lines('a')}oops\n`, /REVOKED_TOKENS_FILE \(.*\): line 2 must be a JSON object/],
    ['is a folder', 'folder', /REVOKED_TOKENS_FILE \(.*\): cannot be read \(EISDIR\)/],
  ])('stops the service at the start if it %s', async (_, content, message) => {
    if (content === 'folder') await mkdir(path);
    else if (content !== undefined) await writeFile(path, content);
    await expect(opened()).rejects.toThrow(RevokedTokensError);
    await expect(opened()).rejects.toThrow(message);
  });

  it('leaves the last good list in force, is reported once, and is read again when it is mended', async () => {
    await writeFile(path, lines('a'));
    const { revoked } = await opened();
    await writeFile(path, `${lines('b')}oops\n`);
    await expect.poll(() => faults.length, WITHIN_TWO_SECONDS).toBe(1);
    expect(revoked()).toBe('a');
    await rm(path);
    await expect.poll(() => faults.length, WITHIN_TWO_SECONDS).toBe(2);
    expect(revoked()).toBe('a');
    await writeFile(path, lines('b', 'c'));
    await expect.poll(revoked, WITHIN_TWO_SECONDS).toBe('bc');
    expect(faults).toHaveLength(2);
  });

  it('is read as soon as it can be, if it changed while it could not be, and is reported once', async () => {
    await writeFile(path, lines('a'));
    await writeFile(`${path}.new`, lines('b'));
    const { revoked } = await opened();
    const release = await exhaustDescriptors();
    await rename(`${path}.new`, path);
    await expect.poll(() => faults.map(String), WITHIN_TWO_SECONDS).toEqual([expect.stringContaining('(EMFILE)')]);
    // It is tried again, and reported once.
    const triedAt = performance.now();
    await expect.poll(() => performance.now() - triedAt, WITHIN_TWO_SECONDS).toBeGreaterThan(1_200);
    expect(revoked()).toBe('a');
    release();
    await expect.poll(revoked, WITHIN_TWO_SECONDS).toBe('b');
    expect(faults).toHaveLength(1);
  });
});

/** Takes every file descriptor that a lowered limit leaves to this process. @returns what gives them back */
async function exhaustDescriptors(): Promise<() => void> {
  const { stdout: limit } = await execute('prlimit', [
    '--pid',
    String(process.pid),
    '--nofile',
    '-o',
    'SOFT',
    '--noheadings',
  ]);
  const limitTo = (soft: string) => execute('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`]);
  const own = (await readdir('/proc/self/fd')).map(Number);
  await limitTo(String(Math.max(...own) + 64));
  const taken: number[] = [];
  let isFull = false;
  while (!isFull) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      isFull = true;
    }
  }
  const release = () => {
    for (const descriptor of taken.splice(0)) closeSync(descriptor);
  };
  onTestFinished(async () => {
    release();
    await limitTo(limit.trim());
  });
  return release;
}
