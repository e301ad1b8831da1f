import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './postgres-server.ts';
import { pathOf } from './required-tools.ts';
import { until } from './until.ts';

export interface Nginx extends AsyncDisposable {
  /** Of each server, in their order. */
  readonly urls: readonly string[];
}

/** The real nginx with Debian's defaults. @param http what stands beside the servers @param servers the inside of each */
export async function startNginx(http: string, servers: readonly string[]): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const ports = await Promise.all(servers.map(() => freePort()));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const blocks = servers.map((inside, index) => `server { listen 127.0.0.1:${ports[index]}; ${inside} }`);
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr;
     events {} http { access_log off; ${folders.join(' ')} ${http} ${blocks.join('\n')} }`,
  );
  const program = pathOf('nginx');
  if (program === undefined) throw new Error('nginx is not installed');
  const args = ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // It has no page here, but it answers.
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
      const answers = await Promise.all(urls.map((url) => fetch(url).catch(() => undefined)));
      return answers.every((answer) => answer !== undefined);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, [Symbol.asyncDispose]: stop };
}
