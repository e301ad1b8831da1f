import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT, CREATE } from './operations.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  for (const description of ['=HYPERLINK("https://x.example")', 'a|b\\c=d\nnext']) {
    const url = `${description.length}.example`;
    const input = { url, username: 'ada', password: canary('export'), description };
    expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
  }
});
afterAll(() => purser.stop());

const ask = (query: string, token = purser.token()) =>
  fetch(`${purser.url}/v1/audit/export?${query}`, { headers: { authorization: `Bearer ${token}` } });
const errorOf = async (answer: Response): Promise<string> => {
  const { errors } = (await answer.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code ?? '';
};
const REVERSED = 'project=demo&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z';
const newest = async () => (await purser.graphql(AUDIT, { first: 1 })).data.auditLog.nodes[0];

describe('GET /v1/audit/export', () => {
  it('streams the log, and is in it', async () => {
    const answer = await ask('project=demo');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="audit-log.ndjson"');
    const lines = (await answer.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).record)).toEqual(
      expect.arrayContaining(['header', 'key', 'entry', 'end']),
    );
    expect(await newest()).toMatchObject({
      action: 'EXPORT_AUDIT_LOG',
      outcome: 'SUCCEEDED',
      actor: 'alice',
      changes: [{ field: 'format', from: null, to: 'ndjson' }],
    });
  });

  it('writes CSV in which nothing is a formula', async () => {
    const text = await (await ask('project=demo&format=csv')).text();
    const [header, ...rows] = text.split('\r\n');
    expect(header).toMatch(/^sequence,occurredAt,action,/);
    expect(rows.join('\n')).toContain('HYPERLINK');
    expect(text).not.toMatch(/(?:^|,)"?[=+\-@]/m);
  });

  it('writes CEF with one line for each entry', async () => {
    const text = await (await ask('project=demo&format=cef')).text();
    const lines = text.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^CEF:0\|Purser\|Purser\|[^|]+\|[A-Z_]+\|[a-z ]+\|\d\|rt=\d+ /);
    expect(text).toContain('a|b\\\\\\\\c\\=d\\\\nnext');
  });

  it('is limited by times', async () => {
    const { occurredAt } = await newest();
    const text = await (await ask(`project=demo&from=${occurredAt}`)).text();
    const sequences = [...text.matchAll(/"record":"entry","format":1,"sequence":(\d+)/g)].map(([, number]) => number);
    expect(sequences.length).toBeGreaterThanOrEqual(1);
    expect(sequences).not.toContain('1');
    const none = await (await ask('project=demo&to=2000-01-01T00:00:00Z')).text();
    expect(none).toContain('"record":"end","entries":0');
  });

  it('refuses what it must, and records it', async () => {
    expect((await fetch(`${purser.url}/v1/audit/export?project=demo`)).status).toBe(401);
    const reader = purser.token({ subject: 'bob', projects: { demo: ['iam:project:cicd:registry:read'] } });
    const denied = await ask('project=demo', reader);
    expect([denied.status, await errorOf(denied)]).toEqual([403, 'FORBIDDEN']);
    expect(await newest()).toMatchObject({ action: 'EXPORT_AUDIT_LOG', outcome: 'DENIED', actor: 'bob' });
    for (const query of ['project=demo&format=xml', 'project=demo&from=yesterday', 'project=demo&to=2026', REVERSED]) {
      const answer = await ask(query);
      expect([answer.status, await errorOf(answer)]).toEqual([422, 'BAD_USER_INPUT']);
      expect(await newest()).toMatchObject({ action: 'EXPORT_AUDIT_LOG', outcome: 'FAILED', code: 'BAD_USER_INPUT' });
    }
    for (const query of ['', 'project=', 'project=demo&project=other']) expect((await ask(query)).status).toBe(422);
    const other = await ask('project=other');
    expect(other.status).toBe(403);
  });

  it('runs three times at once, and counts no export whose client is gone', async () => {
    // Long enough that no buffer between here and the client takes it.
    await withClient(purser.connectionString, (client) =>
      client.query(
        `insert into read_models.audit_entries
           select r.* from read_models.audit_entries e, generate_series(1, 6000) n,
                  jsonb_populate_record(e, jsonb_build_object('sequence', 1000 + n, 'user_agent', repeat('x', 4000))) r
            where e.project_id = 'demo' and e.sequence = 1`,
      ),
    );
    const url = new URL(purser.url);
    const stalled: Socket[] = [];
    for (let count = 0; count < 3; count += 1) {
      const socket = connect(Number(url.port), url.hostname);
      stalled.push(socket);
      socket.write(
        `GET /v1/audit/export?project=demo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${purser.token()}\r\n\r\n`,
      );
      // The answer has begun, and nobody reads it.
      await once(socket, 'readable');
    }
    const refused = await ask('project=demo');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    for (const socket of stalled) socket.destroy();
    await expect.poll(async () => (await ask('project=demo&to=2000-01-01T00:00:00Z')).status).toBe(200);
  });
});
