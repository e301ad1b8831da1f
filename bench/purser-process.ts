import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createKeyFile } from '../src/adapters/vault/key-file.ts';
import type { TokenIssuer } from './tokens.ts';
import { endWithBench, pidOf } from './worker.ts';

export type PurserEnvironment = Readonly<Record<string, string>>;

export interface PurserProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** As in production: production mode, a key file, configured issuers, an external database. */
export async function purserEnvironment(
  folder: string,
  connectionString: string,
  issuer: TokenIssuer,
): Promise<PurserEnvironment> {
  const keyFile = join(folder, 'master-key');
  await createKeyFile(keyFile);
  return {
    NODE_ENV: 'production',
    // One caller makes all the load.
    CALLER_COST_PER_SECOND: '0',
    CALLER_ISSUES_PER_MINUTE: '0',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: connectionString,
    PURSER_DATA_DIR: join(folder, 'data'),
    MASTER_KEY_FILE: keyFile,
    JWT_ISSUERS: issuer.jwtIssuers,
    LOG_LEVEL: 'info',
  };
}

/** Starts `purser serve` and waits until it listens. */
export async function startPurser(environment: PurserEnvironment): Promise<PurserProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../bin/purser.js'), 'serve'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithBench(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
    if (msg !== 'listening' || url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      pid: pidOf(child),
      async stop() {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }
  throw new Error('the service ended before it listened');
}
