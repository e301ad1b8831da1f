import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeKeyFile } from '../../../src/adapters/vault/change-key-file.ts';
import { readKeyFile } from '../../../src/adapters/vault/key-file.ts';
import { KeyRingError, withKey, withoutKey, withPrimary } from '../../../src/adapters/vault/key-file-format.ts';
import { createMutant } from '../../support/mutant.ts';

const key = () => randomBytes(32).toString('base64');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'purser-change-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** In a folder of its own, so that what is left behind shows. */
async function keyFile(content: string, mode = 0o600): Promise<string> {
  const folder = await mkdtemp(join(root, 'file-'));
  const file = join(folder, 'keys');
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, mode);
  return file;
}

describe('the text of a key file', () => {
  const [one, two, three] = [key(), key(), key()];

  it('gets a key that is not primary, whether one was marked or not', () => {
    expect(withKey(`1 ${one}`, `2 ${two}`, 1)).toBe(`1 ${one} primary\n2 ${two}\n`);
    expect(withKey(`# ours\n1 ${one} primary\n`, `2 ${two}`, 1)).toBe(`# ours\n1 ${one} primary\n2 ${two}\n`);
    expect(withKey('', `1 ${one}`, undefined)).toBe(`1 ${one}\n`);
  });

  it('has the mark at one key alone, and keeps its comments', () => {
    const content = `# primary is what seals\n1 ${one}  primary \r\n\n2\t${two}\n3 transit:transit/purser\n`;
    expect(withPrimary(content, 3)).toBe(
      `# primary is what seals\n1 ${one}\n\n2\t${two}\n3 transit:transit/purser primary\n`,
    );
  });

  it('loses one key and nothing else', () => {
    expect(withoutKey(`# 1 stays\n1 ${one}\n11 ${two}\n2 ${three} primary\n`, 1)).toBe(
      `# 1 stays\n11 ${two}\n2 ${three} primary\n`,
    );
  });
});

describe('a change of the key file', () => {
  it('keeps its mode, and the link that leads to it', async () => {
    const file = await keyFile(`1 ${key()}\n`, 0o400);
    const link = join(root, randomUUID());
    await symlink(file, link);
    await changeKeyFile(link, (content) => withKey(content, `2 ${key()}`, 1));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o400);
    expect((await readKeyFile(link))?.keys.map(({ id }) => id)).toEqual([1, 2]);
    expect(await readdir(dirname(file))).toEqual([basename(file)]);
  });

  it.each([
    ['two keys have one id', (content: string) => `${content}1 ${key()}\n`],
    ['no key is left', (content: string) => withoutKey(content, 1)],
  ])('is refused if %s, and leaves the file and nothing beside it', async (_what, change) => {
    const file = await keyFile(`1 ${key()}\n`);
    const before = await readFile(file, 'utf8');
    await expect(changeKeyFile(file, change)).rejects.toThrow(KeyRingError);
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await readdir(dirname(file))).toEqual(['keys']);
  });

  /** How often a reader found no whole file while it was changed. */
  async function brokenReads(change: typeof changeKeyFile): Promise<number> {
    const file = await keyFile(`1 ${key()} primary\n`);
    let broken = 0;
    let isDone = false;
    const reader = (async () => {
      while (!isDone) {
        const found = await readKeyFile(file).catch(() => undefined);
        if (found === undefined) broken += 1;
      }
    })();
    for (let id = 2; id < 60; id += 1) await change(file, (content) => withKey(content, `${id} ${key()}`, 1));
    isDone = true;
    await reader;
    return broken;
  }

  it('is whole at every moment', async () => {
    expect(await brokenReads(changeKeyFile)).toBe(0);
  });

  it('(negative control) is not, if the file is written in its place', async () => {
    const mutant = await createMutant('adapters/vault', [
      {
        file: 'change-key-file.ts',
        find: 'rename(draft, target));',
        replace: 'writeFile(target, "").then(() => rename(draft, target)));',
      },
      { file: 'change-key-file.ts', find: 'stat, unlink', replace: 'stat, unlink, writeFile' },
    ]);
    const broken = await mutant.load<{ changeKeyFile: typeof changeKeyFile }>('change-key-file.ts');
    expect(await brokenReads(broken.changeKeyFile)).toBeGreaterThan(0);
  });

  it('overwrites what the old file held if a key is destroyed', async () => {
    const file = await keyFile(`1 ${key()}\n2 ${key()} primary\n`);
    const old = await open(file, 'r');
    try {
      await changeKeyFile(file, (content) => withoutKey(content, 1), { destroysKey: true });
      expect((await old.readFile()).some((byte) => byte !== 0)).toBe(false);
      expect((await readKeyFile(file))?.keys.map(({ id }) => id)).toEqual([2]);
    } finally {
      await old.close();
    }
  });

  it('says why it cannot be made', async () => {
    await expect(changeKeyFile('/proc/self/environ', (content) => content)).rejects.toThrow(KeyRingError);
  });
});
