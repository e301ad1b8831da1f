import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRingError } from '../../../src/adapters/vault/key-file-format.ts';
import { loadKeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { openWatchedKeyRing } from '../../../src/adapters/vault/watched-key-ring.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';

const CONTEXT = Buffer.from('context');
const key = () => randomBytes(32).toString('base64');
const [FIRST, SECOND] = [`1 ${key()}\n`, `2 ${key()}\n`];

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-watched-'));
  file = await write(FIRST);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(content: string): Promise<string> {
  const path = join(folder, 'keys');
  await rm(path, { force: true });
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

const open = (admit: () => Promise<void> = async () => undefined) =>
  openWatchedKeyRing({ file, createIfMissing: false, admit });

/** Sealed by a replica that has both keys already. */
async function underSecond(): Promise<{ keyId: number; bytes: Buffer }> {
  const both = join(folder, 'both');
  await writeFile(both, FIRST + SECOND, { mode: 0o600 });
  return (await loadKeyRing({ file: both, createIfMissing: false })).wrap(Buffer.alloc(32, 5), CONTEXT);
}

describe('a key ring that follows its file', () => {
  it('looks at once if it meets a key that it does not know', async () => {
    const ring = await open();
    const wrapped = await underSecond();
    await expect(ring.unwrap(wrapped, CONTEXT)).rejects.toThrow(SecretIntegrityError);
    await write(FIRST + SECOND);
    expect(await ring.unwrap(wrapped, CONTEXT)).toEqual(Buffer.alloc(32, 5));
    expect([ring.primaryKeyId, ring.keyIds]).toEqual([2, [1, 2]]);
  });

  it('keeps its keys if the changed file is not admitted, and tries again until it is', async () => {
    let admitted = false;
    const ring = await open(async () => {
      if (!admitted) throw new KeyRingError('not yet');
    });
    await write(FIRST + SECOND);
    await ring.look();
    expect([ring.keyIds, String(ring.fault)]).toEqual([[1], 'KeyRingError: not yet']);
    admitted = true;
    await ring.look();
    expect([ring.keyIds, ring.fault]).toEqual([[1, 2], undefined]);
  });

  it('reads a file only if it has changed', async () => {
    let read = 0;
    const ring = await open(async () => {
      read += 1;
    });
    for (let look = 0; look < 5; look += 1) await ring.look();
    expect(read).toBe(0);
    await write(FIRST + SECOND);
    await Promise.all([ring.look(), ring.look(), ring.look()]);
    await ring.look();
    expect(read).toBe(1);
  });
});
