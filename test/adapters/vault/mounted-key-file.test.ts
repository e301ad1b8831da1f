import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyFileReader, type KeyFileReader } from '../../support/key-file-reader.ts';
import { mountSecret, type SecretMount } from '../../support/kubernetes-secret.ts';

const USER = { uid: 1000, gid: 1000 };
const ACCEPTED = 'accepted';

describe.runIf(process.getuid?.() === 0)('to a service that does not run as root', () => {
  let folder: string;
  let reader: KeyFileReader;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-mounted-'));
    await chmod(folder, 0o755);
    reader = await createKeyFileReader();
  });
  afterAll(async () => {
    await Promise.all([reader.remove(), rm(folder, { recursive: true, force: true })]);
  });
  const content = () => `1 ${randomBytes(32).toString('base64')}\n`;

  async function answerTo(mount: SecretMount): Promise<string> {
    const volume = join(folder, randomUUID());
    await mountSecret(volume, { 'master-key': content() }, mount);
    return reader.read(join(volume, 'master-key'), USER);
  }

  it.each([0o400, 0o440])('Kubernetes gives the key file of a Secret by fsGroup, with defaultMode %o', async (mode) => {
    expect(await answerTo({ defaultMode: mode, fsGroup: USER.gid })).toBe(ACCEPTED);
  });

  it.each([
    [
      'without fsGroup, where it cannot be read',
      { defaultMode: 0o400, fsGroup: undefined },
      /cannot be opened: EACCES/,
    ],
    [
      'with the default mode of a volume',
      { defaultMode: 0o644, fsGroup: USER.gid },
      /open to other users \(mode 644\)/,
    ],
    ['with a group that may write', { defaultMode: 0o460, fsGroup: USER.gid }, /open to other users \(mode 460\)/],
  ] as const)('one is refused %s', async (_, mount, refusal) => {
    expect(await answerTo(mount)).toMatch(refusal);
  });

  it('a file of the service itself must not be readable by its group', async () => {
    const file = join(folder, randomUUID());
    await writeFile(file, content());
    await chown(file, USER.uid, USER.gid);
    await chmod(file, 0o440);
    expect(await reader.read(file, USER)).toMatch(/open to other users \(mode 440\)/);
  });
});
