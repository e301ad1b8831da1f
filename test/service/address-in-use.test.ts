import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
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

/** Data folders hold keys. */
const dataFolders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('purser-data-'));

it('leaves no folder behind if it does not start', async () => {
  const before = await dataFolders();
  await faultOf({ HOST: '192.0.2.1' });
  const after = await dataFolders();
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
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
