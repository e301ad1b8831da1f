import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyFile } from '../../../src/adapters/vault/key-file.ts';
import { KeyRingError } from '../../../src/adapters/vault/key-file-format.ts';
import { loadKeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { createMutant } from '../../support/mutant.ts';

const execute = promisify(execFile);
const CONTEXT = Buffer.from('context');
const ANOTHER_USER = 54_321;
const asRoot = process.getuid?.() === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-keys-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function key(): string {
  return randomBytes(32).toString('base64');
}

async function keyFile(content: string, mode = 0o600): Promise<string> {
  const file = join(folder, randomUUID());
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

/** The message of the refusal. It must name the file and contain no key. */
async function refusalOf(file: string, load = loadKeyRing): Promise<string> {
  const error: unknown = await load({ file, createIfMissing: false }).then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  if (!(error instanceof KeyRingError)) throw new Error('the key file was not refused', { cause: error });
  expect(error.message).toContain(file);
  return error.message;
}

describe('a key file', () => {
  it('wraps with the key of the highest id and unwraps with all', async () => {
    const [one, two] = [key(), key()];
    const old = await loadKeyRing({ file: await keyFile(`1 ${one}\n`), createIfMissing: false });
    const wrapped = await old.wrap(Buffer.alloc(32, 7), CONTEXT);
    const content = `# the keys of this service\n\n  10 ${two}  \r\n1\t${one}`;
    const ring = await loadKeyRing({ file: await keyFile(content), createIfMissing: false });
    expect(ring.primaryKeyId).toBe(10);
    expect((await ring.wrap(randomBytes(32), CONTEXT)).keyId).toBe(10);
    expect(await ring.unwrap(wrapped, CONTEXT)).toEqual(Buffer.alloc(32, 7));
  });

  it('wraps with the marked key, so that all replicas can get a new one first', async () => {
    const file = await keyFile(`1 ${key()} primary\n2 ${key()}\n`);
    const ring = await loadKeyRing({ file, createIfMissing: false });
    expect(ring.primaryKeyId).toBe(1);
    expect(ring.keyIds).toEqual([1, 2]);
  });

  it('may name external keys, which are not opened where there is no access to them', async () => {
    const file = await keyFile(`1 ${key()} primary\n2 transit:teams/ci/transit/purser\n`);
    expect(await refusalOf(file).catch((error: Error) => error.message)).toContain('Key 2 of the key file');
  });

  it('may be read-only for its owner', async () => {
    const file = await keyFile(`1 ${key()}\n`, 0o400);
    expect((await loadKeyRing({ file, createIfMissing: false })).primaryKeyId).toBe(1);
  });

  it('may be a symbolic link, as mounted secrets are', async () => {
    const link = join(folder, randomUUID());
    await symlink(await keyFile(`1 ${key()}\n`), link);
    expect((await loadKeyRing({ file: link, createIfMissing: false })).primaryKeyId).toBe(1);
  });
});

describe('the start is refused, and the message names file and key, if', () => {
  const content: [string, () => string, RegExp][] = [
    ['a key is too short', () => `7 ${randomBytes(31).toString('base64')}`, /Key 7 .* has 31 bytes, but must have 32/],
    ['a key is too long', () => `7 ${randomBytes(33).toString('base64')}`, /Key 7 .* has 33 bytes/],
    ['a key is not base64', () => `7 ${'!'.repeat(44)}`, /Key 7 .* is not valid base64/],
    ['a key is base64url', () => `7 ${Buffer.alloc(32, 0xfb).toString('base64url')}`, /Key 7 .* is not valid base64/],
    ['a key has stray bits at its end', () => `7 ${'A'.repeat(42)}B=`, /Key 7 .* is not valid base64/],
    ['a key is all zeroes', () => `7 ${Buffer.alloc(32).toString('base64')}`, /Key 7 .* is not a random key/],
    ['a key is all ones', () => `7 ${Buffer.alloc(32, 255).toString('base64')}`, /Key 7 .* is not a random key/],
    ['an id is listed twice', () => `7 ${key()}\n8 ${key()}\n7 ${key()}`, /Key 7 .* is listed twice/],
    ['two ids have the same key', () => ((same) => `7 ${same}\n8 ${same}`)(key()), /Key 8 .* is the same key as key 7/],
    [
      'two keys are marked',
      () => `7 ${key()} primary\n8 ${key()} primary`,
      /Key 8 .* is marked primary, but key 7 is too/,
    ],
    ['a mark is unknown', () => `7 ${key()} secondary`, /Key 7 .* must be followed by nothing or by the word primary/],
    ['there is no id', () => key(), /Line 1 of/],
    ['an id is zero', () => `1 ${key()}\n0 ${key()}`, /Line 2 of/],
    ['an id is negative', () => `-1 ${key()}`, /Line 1 of/],
    ['an id has a leading zero', () => `01 ${key()}`, /Line 1 of/],
    ['an id does not fit the database', () => `2147483648 ${key()}`, /Line 1 of/],
    ['an id is a word', () => `first ${key()}`, /Line 1 of/],
    [
      'a key of KMS is named by an alias',
      () => '7 aws-kms:arn:aws:kms:eu-west-1:111122223333:alias/x',
      /Key 7 .* \(not of an alias\)/,
    ],
    ['the path of a transit key has dots', () => '7 transit:transit/../x', /Key 7 .* must be transit: and the mount/],
    ['two ids have the same external key', () => '7 transit:a/x\n8 transit:a/x', /Key 8 .* is the same key as key 7/],
    ['there is no key', () => '# nothing\n', /contains no key. Write a line/],
    ['it is empty', () => '', /contains no key/],
    ['it is far too large', () => '#'.repeat(100_000), /larger than/],
    ['it is binary', () => `\x01${randomBytes(64).toString('latin1').replaceAll('\n', '.')}`, /Line 1 of/],
  ];
  it.each(content)('%s', async (_, make, expected) => {
    const text = make();
    const message = await refusalOf(await keyFile(text));
    expect(message).toMatch(expected);
    for (const word of text.split(/\s+/)) if (word.length > 20) expect(message).not.toContain(word);
  });

  it('there is no file', async () => {
    expect(await refusalOf(join(folder, 'missing'))).toMatch(/does not exist/);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])('its mode is %o', async (mode) => {
    const refusal = await refusalOf(await keyFile(`1 ${key()}\n12 ${key()} primary`, mode));
    expect(refusal).toContain(`(mode ${mode.toString(8)})`);
    expect(refusal).toContain('replace its keys (1, 12) if others may have read them');
  });

  it.runIf(asRoot)('it belongs to another user', async () => {
    const file = await keyFile(`1 ${key()}`);
    await chown(file, ANOTHER_USER, 0);
    expect(await refusalOf(file)).toContain(`belongs to user ${ANOTHER_USER}`);
  });

  it.runIf(asRoot)('it is a link that belongs to another user', async () => {
    const link = join(folder, randomUUID());
    await symlink(await keyFile(`1 ${key()}`), link);
    await lchown(link, ANOTHER_USER, 0);
    expect(await refusalOf(link)).toContain(`symbolic link that belongs to user ${ANOTHER_USER}`);
  });

  it('it is a link to a missing file, even if a new file may be created', async () => {
    const link = join(folder, randomUUID());
    await symlink(join(folder, 'nothing'), link);
    expect(await refusalOf(link)).toMatch(/symbolic link to a file that does not exist/);
    await expect(loadKeyRing({ file: link, createIfMissing: true })).rejects.toThrow(
      /symbolic link to a file that does not exist/,
    );
  });

  it('it is a link to a file that others can read', async () => {
    const link = join(folder, randomUUID());
    await symlink(await keyFile(`1 ${key()}`, 0o644), link);
    expect(await refusalOf(link)).toMatch(/mode 644/);
  });

  it('it is a link to itself', async () => {
    const link = join(folder, randomUUID());
    await symlink(link, link);
    expect(await refusalOf(link)).toMatch(/cannot be opened: ELOOP/);
  });

  it('it is a folder', async () => {
    const path = join(folder, randomUUID());
    await mkdir(path, { mode: 0o700 });
    expect(await refusalOf(path)).toMatch(/is not a regular file/);
  });

  it('it is a named pipe, without waiting for a writer', async () => {
    const path = join(folder, randomUUID());
    await execute('mkfifo', ['-m', '600', path]);
    expect(await refusalOf(path)).toMatch(/is not a regular file/);
  });

  it('(negative control) a check without the mode accepts the file', async () => {
    const mutant = await createMutant('adapters/vault', [
      { file: 'key-file.ts', find: '(file.mode & forbiddenBits(file)) !== 0', replace: 'false' },
    ]);
    const { loadKeyRing: load } = await mutant.load<{ loadKeyRing: typeof loadKeyRing }>('key-ring.ts');
    await expect(refusalOf(await keyFile(`1 ${key()}`, 0o644), load)).rejects.toThrow('was not refused');
  });
});

describe('a new key file', () => {
  const newPath = () => join(folder, randomUUID(), 'keys');

  it('can be read only by its owner and contains one random key', async () => {
    const file = newPath();
    const ring = await loadKeyRing({ file, createIfMissing: true });
    expect(ring.keyIds).toEqual([1]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    expect(await readFile(file, 'latin1')).toMatch(/^1 [A-Za-z0-9+/]{43}=\n$/);
  });

  it('is used again at the next start', async () => {
    const file = newPath();
    const wrapped = await (await loadKeyRing({ file, createIfMissing: true })).wrap(Buffer.alloc(32, 9), CONTEXT);
    const again = await loadKeyRing({ file, createIfMissing: true });
    expect(await again.unwrap(wrapped, CONTEXT)).toEqual(Buffer.alloc(32, 9));
  });

  it('is the same for all processes that create it at the same time, and leaves no drafts', async () => {
    for (let round = 0; round < 20; round += 1) {
      const file = newPath();
      const rings = await Promise.all(Array.from({ length: 8 }, () => loadKeyRing({ file, createIfMissing: true })));
      const [first] = rings;
      if (first === undefined) throw new Error('there is no key ring');
      const wrapped = await first.wrap(Buffer.alloc(32, 3), CONTEXT);
      for (const ring of rings) expect(await ring.unwrap(wrapped, CONTEXT)).toEqual(Buffer.alloc(32, 3));
      expect(await readdir(join(file, '..'))).toEqual(['keys']);
    }
  });

  /** Whether the key of a quicker process stays. */
  it('takes away the drafts of creations that were killed, and nothing else', async () => {
    const file = join(folder, 'killed', 'master-key');
    await mkdir(join(folder, 'killed'));
    const long = new Date(Date.now() - 3_600_000);
    const abandoned = `${file}.${randomUUID()}`;
    const others = [`${file}.${randomUUID()}`, `${file}.old`, `${file}.${randomUUID()}.bak`];
    for (const name of [abandoned, ...others]) await writeFile(name, `1 ${key()}\n`);
    for (const name of [abandoned, ...others.slice(1)]) await utimes(name, long, long);
    await loadKeyRing({ file, createIfMissing: true });
    const left = await readdir(join(folder, 'killed'));
    expect(left.sort()).toEqual([file, ...others].map((name) => basename(name)).sort());
  });

  async function keepsTheFirst(create: typeof createKeyFile): Promise<boolean> {
    const file = newPath();
    await create(file);
    const first = await readFile(file, 'latin1');
    await create(file);
    return first === (await readFile(file, 'latin1'));
  }

  it('never replaces a file that was created in the meantime', async () => {
    expect(await keepsTheFirst(createKeyFile)).toBe(true);
  });

  it('(negative control) replaces it if it is moved by a rename', async () => {
    const mutant = await createMutant('adapters/vault', [
      { file: 'key-file.ts', find: 'await link(draft, path);', replace: 'await rename(draft, path);' },
      { file: 'key-file.ts', find: 'lstat, mkdir', replace: 'lstat, rename, mkdir' },
      { file: 'key-file.ts', find: 'await unlink(draft);', replace: 'await unlink(draft).catch(() => undefined);' },
    ]);
    const broken = await mutant.load<{ createKeyFile: typeof createKeyFile }>('key-file.ts');
    expect(await keepsTheFirst(broken.createKeyFile)).toBe(false);
  });

  it('is refused if its folder is not writable', async () => {
    const notAFolder = await keyFile('');
    await expect(loadKeyRing({ file: join(notAFolder, 'keys'), createIfMissing: true })).rejects.toThrow(KeyRingError);
  });
});

describe('a key ring', () => {
  it('shows no key, however it is printed', async () => {
    const keys = [randomBytes(32), randomBytes(32)];
    const file = await keyFile(keys.map((bytes, index) => `${index + 1} ${bytes.toString('base64')}`).join('\n'));
    const ring = await loadKeyRing({ file, createIfMissing: false });
    const printed = [inspect(ring, { depth: 20, showHidden: true }), JSON.stringify(ring), `${ring}`].join('\n');
    expect(printed).toContain('primaryKeyId');
    for (const bytes of keys) {
      expect(printed).not.toContain(bytes.toString('hex'));
      expect(printed).not.toContain(bytes.toString('base64'));
      expect(printed.replaceAll(/\s/g, '')).not.toContain([...bytes].join(','));
    }
  });
});
