import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAnchorFile } from '../../src/adapters/anchors/anchor-file.ts';
import { createEventAuthenticator } from '../../src/adapters/vault/event-authenticator.ts';
import { type AuditAnchor, anchorAuditHeads } from '../../src/application/audit/anchor-audit-heads.ts';
import { anchorFault, anchorProgress } from '../../src/application/audit/anchor-progress.ts';
import type { NumberedHead } from '../../src/application/ports/audit-heads.ts';
import { headLine } from '../../src/domain/audit-export.ts';
import { createHeadKey } from '../support/audit-exports.ts';
import { canary } from '../support/canary.ts';
import { examine } from '../support/doctor.ts';
import { startPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE } from './operations.ts';

const key = createHeadKey();
const head = (sequence: number) => key.sign({ sequence, hash: String(sequence).padStart(64, '0') });
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-anchor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
beforeEach(() => {
  files += 1;
  file = join(folder, `${files}.ndjson`);
});
const linesOf = async (path: string) => (await readFile(path, 'utf8')).split('\n').slice(0, -1);

describe('AUDIT_ANCHOR_FILE', () => {
  it('gets a line for each head, and only this user can read it', async () => {
    const anchor = await openAnchorFile(file);
    await anchor.put([head(1), head(2)]);
    await anchor.put([head(3)]);
    expect(await linesOf(file)).toEqual([head(1), head(2), head(3)].map(headLine));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('goes on in a new file after it was moved away', async () => {
    const anchor = await openAnchorFile(file);
    await anchor.put([head(1)]);
    await rename(file, `${file}.1`);
    await anchor.put([head(2)]);
    expect([await linesOf(`${file}.1`), await linesOf(file)]).toEqual([[headLine(head(1))], [headLine(head(2))]]);
  });

  it('loses only the half line of a crash', async () => {
    const anchor = await openAnchorFile(file);
    await anchor.put([head(1)]);
    await appendFile(file, headLine(head(2)).slice(0, 40));
    await anchor.put([head(2)]);
    expect(await linesOf(file)).toEqual([head(1), head(2)].map(headLine));
  });

  it.each([
    ['in a folder that does not exist', (path: string) => Promise.resolve(join(path, 'x')), 'ENOENT'],
    [
      'that is a link',
      async (path: string) => {
        await symlink(`${path}.target`, path);
        return path;
      },
      'ELOOP',
    ],
  ])('keeps the service from starting with a file %s', async (_what, prepare, code) => {
    const path = await prepare(file);
    await expect(openAnchorFile(path)).rejects.toThrow(
      `The file of AUDIT_ANCHOR_FILE, ${path}, cannot be written (${code})`,
    );
  });
});

describe('the heads that an anchor lacks', () => {
  const authenticator = createEventAuthenticator([{ id: 1, bytes: randomBytes(32) }]);

  function fixture(anchor: AuditAnchor, count: number) {
    const numbered: NumberedHead[] = [];
    const sign = (more: number) => {
      const first = numbered.length + 1;
      for (let number = first; number < first + more; number += 1) numbered.push({ number, head: head(number) });
    };
    sign(count);
    /** As it stands in the database, which others can write to. */
    const record = { number: 0, code: '' };
    const failures: string[] = [];
    const heads = {
      reached: async () => ({ ...record }),
      unanchored: async (after: number, limit: number) => numbered.slice(after, after + limit),
      waitingSince: async (after: number) => (after < numbered.length ? '2026-03-01T09:30:00.000Z' : null),
      anchored: async (_kind: string, number: number, code: string) => void Object.assign(record, { number, code }),
    };
    const startProcess = () =>
      anchorAuditHeads({
        heads,
        authenticator,
        anchors: [anchor],
        metrics: { anchorFailed: () => undefined },
        onFault: (_kind, error) => failures.push(String(error)),
      });
    const fault = async (minutes: number) =>
      anchorFault(
        await anchorProgress(anchor.kind, { heads, authenticator }),
        Date.parse('2026-03-01T09:30:00.000Z') + minutes * 60_000,
      );
    return { startProcess, run: startProcess(), failures, record, sign, fault };
  }

  it('come in their order, all of them, and again after a fault, which is reported after ten minutes', async () => {
    const put: number[] = [];
    let isDown = true;
    const { run, failures, record, fault } = fixture(
      {
        kind: 'url',
        async put(heads) {
          if (isDown && put.length > 0) throw new Error('down');
          put.push(...heads.map(({ sequence }) => sequence));
        },
      },
      1_200,
    );
    await run();
    expect([record.number, failures]).toEqual([500, ['Error: down']]);
    expect([await fault(10), await fault(11)]).toEqual([
      undefined,
      'it lacks all heads that were signed since 2026-03-01T09:30:00.000Z',
    ]);
    isDown = false;
    await run();
    expect(put).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
    expect(await fault(600)).toBeUndefined();
  });

  it('come although somebody raised the number to where they are, which is reported: none is missing', async () => {
    const put: number[] = [];
    const { startProcess, run, failures, record, sign, fault } = fixture(
      { kind: 'file', put: async (heads) => void put.push(...heads.map(({ sequence }) => sequence)) },
      3,
    );
    await run();
    sign(2);
    record.number = 5;
    expect(await fault(0)).toBe('how far it is was changed by somebody other than Purser (log.anchored_heads)');
    await run();
    expect(put).toEqual([1, 2, 3, 4, 5]);
    expect(failures).toEqual([expect.stringContaining('was changed by somebody other than Purser')]);
    expect(await fault(0)).toBeUndefined();
    sign(1);
    record.number = 6;
    // Another replica leads, which does not know how far the first one was: heads come twice.
    await startProcess()();
    expect(put.slice(5)).toEqual([1, 2, 3, 4, 5, 6]);
    await run();
    expect(put).toHaveLength(11);
  });
});

describe('the service', () => {
  let server: Server;
  let status = 503;
  const received: string[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      // `purser doctor` asks what the anchor has.
      if (status === 204 && request.method === 'POST')
        received.push(`${request.method} ${request.headers.authorization} ${request.headers['content-type']} ${body}`);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('puts signed heads into the file and to the URL at its stop, what failed before as well', async () => {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = canary('anchor-token');
    const environment = {
      // Outlives the first replica, with the key file.
      PURSER_DATA_DIR: folder,
      AUDIT_ANCHOR_FILE: file,
      AUDIT_ANCHOR_URL: `http://${host}/heads`,
      AUDIT_ANCHOR_AUTHORIZATION: `Bearer ${token}`,
      EGRESS_ALLOW: host,
      PLAIN_HTTP_HOSTS: host,
    };
    const first = await startPurser({ environment });
    const create = (purser: typeof first, url: string) =>
      purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('anchors') } });
    expect((await create(first, 'a.example')).errors).toBeUndefined();
    const second = await startPurser({ replicaOf: first, environment });
    await first.stop();
    expect((await create(second, 'b.example')).errors).toBeUndefined();
    status = 204;
    await expect
      .poll(async () => (await fetch(`${second.url}/metrics`)).text())
      .toContain('purser_projection_leading 1');
    // Somebody keeps heads from the anchors.
    const sql = (text: string) => withClient(second.connectionString, (client) => client.query(text));
    await sql('update log.anchored_heads set number = 1000');
    const { checks } = (await (await fetch(`${second.url}/readyz`)).json()) as { checks: Record<string, unknown> };
    const forged = 'how far it is was changed by somebody other than Purser (log.anchored_heads)';
    expect(checks.auditAnchors).toEqual({ file: forged });
    const examined = await examine({ ...first.environment, ...environment });
    expect(examined.of('anchoring')).toMatchObject({ status: 'failed', found: `AUDIT_ANCHOR_FILE: ${forged}` });
    await second.stop();
    const lines = await linesOf(file);
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 1, 2]);
    expect(received).toEqual([
      `POST Bearer ${token} application/x-ndjson ${lines
        .slice(1)
        .map((line) => `${line}\n`)
        .join('')}`,
    ]);
  });
});
