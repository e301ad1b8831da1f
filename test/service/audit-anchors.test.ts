import { appendFile, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAnchorFile } from '../../src/adapters/anchors/anchor-file.ts';
import { type AuditAnchor, anchorAuditHeads } from '../../src/application/anchor-audit-heads.ts';
import { headLine } from '../../src/domain/audit-export.ts';
import { createHeadKey } from '../support/audit-exports.ts';
import { canary } from '../support/canary.ts';
import { startPurser } from '../support/purser.ts';
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
  function fixture(anchor: AuditAnchor, count: number) {
    const numbered = Array.from({ length: count }, (_, index) => ({ number: index + 1, head: head(index + 1) }));
    let reached = 0;
    const failures: string[] = [];
    const anchoring = anchorAuditHeads({
      heads: {
        unanchored: async (_kind, limit) => numbered.slice(reached, reached + limit),
        anchored: async (_kind, number) => {
          reached = number;
        },
      },
      anchors: [anchor],
      metrics: { anchorFailed: (kind) => failures.push(kind) },
      now: () => 1_000,
      onFault: () => undefined,
    });
    return { anchoring, failures, reached: () => reached };
  }

  it('come in their order, all of them, and again after a fault', async () => {
    const put: number[] = [];
    let isDown = true;
    const { anchoring, failures, reached } = fixture(
      {
        kind: 'url',
        async put(heads) {
          if (isDown && put.length > 0) throw new Error('down');
          put.push(...heads.map(({ sequence }) => sequence));
        },
      },
      1_200,
    );
    await anchoring.run();
    expect([reached(), failures, [...anchoring.failingSince]]).toEqual([500, ['url'], [['url', 1_000]]]);
    isDown = false;
    await anchoring.run();
    expect(put).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
    expect(anchoring.failingSince.size).toBe(0);
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
      if (status === 204)
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
    await second.stop();
    const lines = await linesOf(file);
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2]);
    expect(received).toEqual([
      `POST Bearer ${token} application/x-ndjson ${lines.map((line) => `${line}\n`).join('')}`,
    ]);
  });
});
