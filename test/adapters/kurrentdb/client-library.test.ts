import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { loadClientLibrary } from '../../../src/adapters/kurrentdb/client-api.ts';
import { createKurrentEventLog } from '../../../src/adapters/kurrentdb/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { OperatorError } from '../../../src/domain/errors.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';

it('is told to be installed, by the command that does it, if it is not', async () => {
  const address = parseStoreAddress('kurrentdb://localhost?tls=false');
  const load = () => loadClientLibrary('@kurrent/no-such-client');
  const log = createKurrentEventLog({ address, name: 'purser', logger: SILENT, load });
  await expect(log.head()).rejects.toThrow(OperatorError);
  await expect(log.head()).rejects.toThrow(/npm install @kurrent\/no-such-client/);
  await log.close();
});

/** As a process of its own, because a library is loaded once. */
async function printed(how: string): Promise<string> {
  const connect = `KurrentDBClient.connectionString('kurrentdb://ada:hunter2@localhost?tls=false')`;
  const script = `process.env.DEBUG = 'kdb*'; const { KurrentDBClient } = await ${how}; ${connect}; process.exit(0)`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout + stderr;
}

it('prints no password with DEBUG set, which it does by itself', async () => {
  expect(await printed(`import('@kurrent/kurrentdb-client')`)).toContain('hunter2');
  expect(await printed(`(await import('./dist/src/adapters/kurrentdb/client-api.js')).loadClientLibrary()`)).toBe('');
});
