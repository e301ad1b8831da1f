import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { createCertificates, type TestCertificates } from '../certificates.ts';
import type { Order, Report } from './control.ts';
import type { ProtocolDoubleOptions, Ready } from './main.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const HOST = '127.0.0.1';

export interface ProtocolDoubleSettings {
  /** As the server says it: 23.10 and later are meant. */
  readonly version?: string;
  readonly members?: number;
  readonly tls?: boolean;
  /** `user:password`, taken with TLS only: the client sends none without. */
  readonly login?: string;
  /** Keeps the events in a file, so that they outlive the process. */
  readonly kept?: boolean;
  readonly systemEventEvery?: number;
  readonly hidesEpochEvents?: boolean;
  readonly recentIds?: number;
  readonly maxAppendBytes?: number;
}

/** A protocol double of KurrentDB in a process of its own. `main.ts` beside this says what it does not prove. */
export interface ProtocolDouble {
  /** Of one member: what `EVENT_STORE_URL` is set to. With the login, if one is asked for. */
  url(options?: { readonly member?: number; readonly parameters?: Readonly<Record<string, string>> }): string;
  /** Of all members, so that the client asks which of them leads. */
  clusterUrl(options?: { readonly parameters?: Readonly<Record<string, string>> }): string;
  readonly ports: readonly number[];
  /** Does something to it. @returns how it is then */
  tell(order: Order): Promise<Report>;
  /** SIGSTOP freezes it, so that not even pings are answered; SIGCONT lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills it hard and starts it on the same ports, with the events that were kept. */
  restart(): Promise<void>;
  /** Copies the events that are kept. @returns what kills it, and starts it again with those alone */
  backUp(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The program as one file beside the packages that it needs. */
let program: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    write: false,
  });
  const file = join(REPOSITORY, 'dist/protocol-double.js');
  await mkdir(join(REPOSITORY, 'dist'), { recursive: true });
  // Other workers may start the same file.
  const ours = `${file}.${process.pid}`;
  await writeFile(ours, result.outputFiles[0]?.text ?? '');
  await rename(ours, file);
  return file;
}

export async function startProtocolDouble(settings: ProtocolDoubleSettings = {}): Promise<ProtocolDouble> {
  program ??= bundle();
  const file = await program;
  const folder = await mkdtemp(join(tmpdir(), 'purser-protocol-double-'));
  const certificates = settings.tls ? await createCertificates(folder) : undefined;
  let options = optionsFor(settings, folder, certificates);
  let running = await launch(file, options);
  const { ports } = running.ready;
  options = { ...options, ports };

  const query = (parameters: Readonly<Record<string, string>> = {}) => {
    const security = certificates ? { tls: 'true', tlsCaFile: certificates.caFile } : { tls: 'false' };
    return new URLSearchParams({ ...security, ...parameters }).toString().replaceAll('%2F', '/');
  };
  const login = settings.login === undefined ? '' : `${settings.login}@`;

  return {
    url: ({ member = 0, parameters } = {}) => `kurrentdb://${login}${HOST}:${ports[member]}?${query(parameters)}`,
    clusterUrl: ({ parameters } = {}) =>
      `kurrentdb://${login}${ports.map((port) => `${HOST}:${port}`).join(',')}?${query(parameters)}`,
    ports,
    async tell(order) {
      const response = await fetch(`http://${HOST}:${running.ready.control}/`, {
        method: 'POST',
        body: JSON.stringify(order),
      });
      if (!response.ok) throw new Error(`the protocol double refused an order: ${await response.text()}`);
      return response.json() as Promise<Report>;
    },
    signal: (signal) => void running.process.kill(signal),
    async restart() {
      await end(running.process);
      running = await launch(file, options);
    },
    async backUp() {
      const [kept, copy] = [join(folder, 'events'), join(folder, 'events-copy')];
      await copyFile(kept, copy);
      return async () => {
        await end(running.process);
        await copyFile(copy, kept);
        running = await launch(file, options);
      };
    },
    async close() {
      await end(running.process);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function optionsFor(
  settings: ProtocolDoubleSettings,
  folder: string,
  certificates: TestCertificates | undefined,
): ProtocolDoubleOptions {
  const { version = '23.10.1.0', members = 1, kept = false, login } = settings;
  const { systemEventEvery = 3, recentIds = 1_000, maxAppendBytes = 1024 * 1024, hidesEpochEvents = false } = settings;
  return {
    ports: Array.from({ length: members }, () => 0),
    version,
    ...(login === undefined ? {} : { login }),
    ...(certificates && { tls: { certificateFile: certificates.certificateFile, keyFile: certificates.keyFile } }),
    ...(kept && { file: join(folder, 'events') }),
    systemEventEvery,
    hidesEpochEvents,
    recentIds,
    maxAppendBytes,
  };
}

interface Running {
  readonly process: ChildProcess;
  readonly ready: Ready;
}

async function launch(file: string, options: ProtocolDoubleOptions): Promise<Running> {
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { cwd: REPOSITORY, stdio: 'pipe' });
  const complaint = text(child.stderr);
  const line = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data').then(([said]) => String(said)),
    once(child, 'exit').then(async () => Promise.reject(new Error(`the protocol double ended: ${await complaint}`))),
  ]);
  return { process: child, ready: JSON.parse(line) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
