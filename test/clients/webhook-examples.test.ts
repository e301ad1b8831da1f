import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { CONTENT_TYPE, webhookBody } from '../../src/domain/webhook-event.ts';
import { webhookSignature } from '../../src/domain/webhook-signature.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { until } from '../support/until.ts';
import { aWebhookSecret } from '../support/webhook-receiver.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const SECRET = aWebhookSecret();
const OLD_SECRET = aWebhookSecret();
const NOTICE = {
  eventId: '0b6a7f52-6c0c-4b0a-8f0a-0a3c6f0f9d11',
  kind: 'ROTATED' as const,
  projectId: 'demo',
  registryId: '833ea142-322a-596a-bc23-a033626dd3c0',
  occurredAt: '2030-01-31T09:00:00.000Z',
  url: 'registry.example',
  credentialVersion: 2,
  expiresAt: null,
  actor: 'Ada Ü',
  leasesOnOlderVersions: 0,
  message: 'Ada Ü rotated the credential of registry.example to version 2.',
};

interface Example {
  readonly url: string;
  readonly lines: () => string[];
  stop(): Promise<void>;
}

/** A receiver as docs/clients.md shows it, run as it stands there. */
async function startExample(file: string, command: string, language: string): Promise<Example> {
  const page = await readFile(join(ROOT, 'docs/clients.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]+?)^```$/gm)];
  const [, , source = ''] = blocks.find(([, written, text]) => written === language && text?.includes(file)) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'purser-example-'));
  await writeFile(join(folder, file), source);
  await mkdir(join(folder, 'node_modules'));
  const library = 'node_modules/standardwebhooks';
  await symlink(join(ROOT, library), join(folder, library));
  const port = await freePort();
  let output = '';
  const child: ChildProcess = spawn(command, [join(folder, file)], {
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: SECRET, PORT: String(port), PYTHONIOENCODING: 'utf8' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const url = `http://127.0.0.1:${port}/`;
  const answers = (): Promise<boolean> =>
    fetch(url, { method: 'POST' }).then(
      ({ status }) => status === 401,
      () => false,
    );
  const example: Example = {
    url,
    lines: () => output.split('\n').filter((line) => line !== ''),
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
  await until(answers).catch(async (error: unknown) => {
    await example.stop();
    throw error;
  });
  return example;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}

async function send(
  url: string,
  changes: { secrets?: readonly string[]; at?: number; id?: string; body?: string } = {},
) {
  const { secrets = [SECRET], at = Date.now(), id = NOTICE.eventId } = changes;
  const signed = webhookBody({ ...NOTICE, eventId: id }, 'cursor');
  const timestamp = Math.floor(at / 1000);
  const message = { id, timestamp, body: signed };
  const headers = {
    'content-type': CONTENT_TYPE,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': webhookSignature(
      secrets.map((secret) => new Secret(secret)),
      message,
    ),
  };
  return (await fetch(url, { method: 'POST', headers, body: changes.body ?? signed })).status;
}

const missing = skipReason('python3');
describe.each([
  ['receiver.mjs', process.execPath, 'js', undefined],
  ['receiver.py', 'python3', 'python', missing],
] as const)('the %s of docs/clients.md', (file, command, language, reason) => {
  let example: Example;
  beforeAll(async () => {
    if (reason === undefined) example = await startExample(file, command, language);
  });
  afterAll(() => example?.stop());

  it.skipIf(reason)(titled('takes a notice once, and refuses what is not signed, changed or old', reason), async () => {
    expect(await send(example.url)).toBe(204);
    expect(await send(example.url)).toBe(204);
    expect(await send(example.url, { secrets: [OLD_SECRET, SECRET], id: 'other' })).toBe(204);
    expect(await send(example.url, { secrets: [OLD_SECRET], id: 'third' })).toBe(401);
    expect(await send(example.url, { id: 'third', body: webhookBody(NOTICE, 'other cursor') })).toBe(401);
    expect(await send(example.url, { id: 'third', at: Date.now() - 6 * 60_000 })).toBe(401);
    expect(await send(example.url, { id: 'third', at: Date.now() + 6 * 60_000 })).toBe(401);
    await expect.poll(example.lines).toEqual(Array(2).fill(`ROTATED ${NOTICE.message}`));
  });
});
