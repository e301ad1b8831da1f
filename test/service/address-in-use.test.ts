import { once } from 'node:events';
import { mkdtemp, readdir, rmdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { OperatorError } from '../../src/domain/errors.ts';
import { startPurser } from '../support/purser.ts';

function faultOf(environment: Readonly<Record<string, string>>): Promise<unknown> {
  return startPurser({ environment }).then(
    async (purser) => {
      await purser.stop();
      return undefined;
    },
    (error: unknown) => error,
  );
}

it('leaves no folder behind if it does not start: data folders hold keys', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'address-in-use-'));
  vi.stubEnv('TMPDIR', folder);
  await faultOf({ HOST: '192.0.2.1' });
  vi.unstubAllEnvs();
  expect(await readdir(folder)).toEqual([]);
  await rmdir(folder);
});

it('says in a sentence that names PORT that the port is in use, and stops everything that it had started', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const fault = await faultOf({ PORT: String(port) });
  expect(fault).toBeInstanceOf(OperatorError);
  expect(String(fault)).toContain(`PORT ${port} is in use`);
  other.close();
  await once(other, 'close');
  expect(await faultOf({ PORT: String(port) })).toBeUndefined();
});

it('names HOST if the machine has no such address', async () => {
  const fault = await faultOf({ HOST: '192.0.2.1' });
  expect(fault).toBeInstanceOf(OperatorError);
  expect(String(fault)).toContain('HOST is not an address of this machine');
});
