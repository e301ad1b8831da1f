import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseIssuers } from '../../src/adapters/auth/issuers.ts';
import { readConfig } from '../../src/config/config.ts';
import { canary } from '../support/canary.ts';
import { encodingsIn, sweepFolder } from '../support/canary-sweep.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { createPurserHome } from '../support/purser-process.ts';
import { withClient } from '../support/server-databases.ts';
import { connect, connected } from '../support/socket-client.ts';
import { CREATE, ISSUE, ROTATE } from './operations.ts';
import { badBodies, badRequests } from './secrets-in-bad-requests.ts';

let purser: TestPurser;
let id: string;
const stored = canary('stored');
beforeAll(async () => {
  purser = await startPurser({ environment: { LOG_LEVEL: 'trace' } });
  const input = { url: 'taken.example', username: 'ada', password: stored };
  id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
});
afterAll(() => purser.stop());

async function post(body: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${purser.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${purser.token()}`, ...headers },
    body,
  });
  const sent = [...response.headers].map((header) => header.join(': ')).join('\n');
  return { status: response.status, text: `${sent}\n${await response.text()}` };
}

/** This service runs in development, where its author is told the name of a field that does not exist. */
function quotedIn(what: string): unknown {
  return what === 'a field that is a password' ? ['plain'] : [];
}

function expectNothingLogged(): void {
  expect(sweepFolder(inject('logFolder')).findings).toEqual([]);
}

describe('over HTTP', () => {
  it('a request that is refused is told why, without the password in it', async () => {
    for (const { what, query, variables } of badRequests(canary('http'), id)) {
      const { text } = await post(JSON.stringify({ query, variables }));
      expect([what, text]).toEqual([what, expect.stringContaining('"errors"')]);
      expect([what, encodingsIn(text)]).toEqual([what, quotedIn(what)]);
    }
    expectNothingLogged();
  });

  it('a body that is not a request is refused without quoting it', async () => {
    for (const [what, body] of Object.entries(badBodies(canary('body')))) {
      const { status, text } = await post(body);
      // 200 if it is a request, whose variables or operation's name are wrong.
      expect([what, [200, 400, 413]]).toEqual([what, expect.arrayContaining([status])]);
      expect([what, text]).toEqual([what, expect.stringContaining('"errors"')]);
      expect([what, encodingsIn(text)]).toEqual([what, []]);
    }
    const secret = canary('headers');
    const refused = [
      await post(secret, { 'content-type': 'text/plain' }),
      await post(`password=${secret}`, { 'content-type': 'application/x-www-form-urlencoded' }),
      await post('{}', { authorization: `Bearer ${secret}` }),
      await post('{}', { authorization: `Basic ${Buffer.from(`ada:${secret}`).toString('base64')}` }),
      await post('{}', { 'content-type': `application/${secret}` }),
    ];
    for (const { text } of refused) expect(encodingsIn(text)).toEqual([]);
    for (const path of [`/graphql?query=${secret}`, `/${secret}`]) {
      expect(encodingsIn(await (await fetch(purser.url + path)).text())).toEqual([]);
    }
    expectNothingLogged();
  });
});

describe('over WebSocket', () => {
  it('a request that is refused is told why, without the password in it', async () => {
    const client = await connected(`${purser.url.replace('http', 'ws')}/graphql`, purser.token());
    for (const [index, { what, query, variables }] of badRequests(canary('socket'), id).entries()) {
      client.subscribe(String(index), { query, variables });
      const answer = JSON.stringify(await client.answer(String(index)));
      expect([what, answer]).toEqual([what, expect.stringContaining('"code"')]);
      expect([what, encodingsIn(answer)]).toEqual([what, quotedIn(what)]);
    }
    client.socket.close();
    expectNothingLogged();
  });

  it('an invalid message closes the socket without quoting it', async () => {
    const secret = canary('frame');
    const url = `${purser.url.replace('http', 'ws')}/graphql`;
    for (const message of [secret, `{"type":"${secret}"}`, `{"type":"subscribe","id":1,"payload":"${secret}"}`]) {
      const client = await connected(url, purser.token());
      client.send(message);
      const { reason } = await client.closed;
      expect(encodingsIn(reason + JSON.stringify(client.messages))).toEqual([]);
    }
    const { closed } = await connect(url, { token: secret });
    expect(encodingsIn((await closed).reason)).toEqual([]);
    expectNothingLogged();
  });
});

describe('a fault of the service’s own', () => {
  const INTERNAL = [{ extensions: { code: 'INTERNAL' } }];
  const sql = (statement: string) => withClient(purser.connectionString, (client) => client.query(statement));
  const create = (url = `${randomUUID()}.example`) =>
    purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('fault') } });

  it('in the vault, whose record was altered, says nothing of it', async () => {
    await create('altered.example');
    await sql(
      `update vault.secrets set ciphertext = overlay(ciphertext placing '\\x00'::bytea from 3) where host = 'altered.example'`,
    );
    const answer = await purser.graphql(ISSUE, { input: { image: 'altered.example/app', pipeline: 'p' } });
    expect(answer.errors).toMatchObject([{ extensions: { code: 'CREDENTIAL_UNAVAILABLE' } }]);
    expect(encodingsIn(JSON.stringify(answer))).toEqual([]);
    expectNothingLogged();
  });

  it.each(['vault.secrets', 'log.events'])('in the database, which quotes the row that %s refuses', async (table) => {
    await sql(`alter table ${table} add constraint nothing_more check (false) not valid`);
    const answers = [
      await create(),
      await purser.graphql(ROTATE, { id, input: { password: canary('fault') } }),
      await purser.graphql(ROTATE, { id, input: { password: canary('fault'), idempotencyKey: randomUUID() } }),
    ];
    await sql(`alter table ${table} drop constraint nothing_more`);
    for (const answer of answers) {
      expect(answer.errors).toMatchObject(INTERNAL);
      expect(encodingsIn(JSON.stringify(answer))).toEqual([]);
    }
    expect((await create()).errors).toBeUndefined();
    expectNothingLogged();
  });

  it('in its connections, which are cut under it', async () => {
    const answers = Array.from({ length: 20 }, () => create());
    const cut = sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
    await cut;
    for (const answer of await Promise.all(answers)) {
      expect(['ok', 'UNAVAILABLE']).toContain(answer.errors?.[0]?.extensions.code ?? 'ok');
      expect(encodingsIn(JSON.stringify(answer))).toEqual([]);
    }
    expectNothingLogged();
  });
});

describe('a start that fails', () => {
  it.each(['DATABASE_URL', 'PORT', 'LOG_LEVEL', 'EVENT_STORE_URL'])('names %s and not its value', (name) => {
    const complaint = messageOf(() => readConfig({ [name]: `mysql://ada:${canary('config')}@db.example` }));
    expect(complaint).toContain(name);
    expect(encodingsIn(complaint)).toEqual([]);
  });

  it('does not repeat the keys of issuers that are wrong', () => {
    const secret = canary('issuer');
    const key = { kty: 'OKP', crv: 'Ed25519', d: secret, x: secret };
    const configured = [
      `[{"issuer":"https://a.example","audience":"p","jwks":{"keys":[${JSON.stringify(key)}]}`,
      JSON.stringify([{ issuer: 'https://a.example', audience: 'p', jwks: { keys: [key] } }]),
      JSON.stringify([{ issuer: 'https://a.example', audience: 'p', jwks: secret }]),
      JSON.stringify([{ issuer: 'https://a.example', audience: 'p', jwksUri: `https://ada:${secret}@a.example` }]),
    ];
    for (const issuers of configured) {
      const complaint = messageOf(() => parseIssuers(issuers));
      expect(complaint).not.toBe('');
      expect(encodingsIn(complaint)).toEqual([]);
    }
  });

  it('shows no password of a database that cannot be reached', async () => {
    const home = await createPurserHome({ DATABASE_URL: `postgres://ada:${canary('database')}@127.0.0.1:1/purser` });
    const said = await home.start().catch(String);
    await home.remove();
    expect(said).toContain('DATABASE_URL');
    expect(encodingsIn(String(said))).toEqual([]);
    expectNothingLogged();
  });
});

it('would be found in an answer that contains it', async () => {
  const answer = await purser.graphql(ISSUE, { input: { image: 'taken.example/app', pipeline: 'p' } });
  expect(encodingsIn(JSON.stringify(answer))).toEqual(['plain', expect.stringContaining('base64')]);
});

function messageOf(act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    // With its causes, as an uncaught error is printed.
    return inspect(error, { depth: null });
  }
}
