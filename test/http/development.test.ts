import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';
import { connect } from '../support/socket-client.ts';

const LOCAL = 'http://localhost:5173';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

let development: HttpService;
let production: HttpService;
beforeAll(async () => {
  development = await startHttpService({
    config: { production: false },
    graphql: { introspection: true, explainFaults: true },
  });
  production = await startHttpService({ config: { production: true } });
});
afterAll(async () => {
  await development.server.close();
  await production.server.close();
});

const messageOf = async ({ url, issuer }: HttpService, query: string) =>
  (await post(url, { query }, issuer.token())).body.errors?.[0]?.message;

describe('in development', () => {
  it('says what is wrong with a document, and what was meant', async () => {
    expect(await messageOf(development, '{ viewer { subjct } }')).toBe(
      'Cannot query field "subjct" on type "Viewer". Did you mean "subject"?',
    );
    expect(await messageOf(development, '{ viewer')).toBe('Syntax Error: Expected Name, found <EOF>.');
  });

  it('quotes names, and no value that may be a password', async () => {
    const create = (input: string) =>
      `mutation { createRegistry(projectId: "demo", input: { ${input} }) { registry { id } } }`;
    const secret = 'hunter2';
    const documents = [
      create(`url: "a.example", username: "a", password: ["${secret}"]`),
      create(`url: "a.example", username: "a", password: {is: "${secret}"}`),
      create(`url: "a.example", username: "a", password: ${secret}`),
      create(`url: "a.example", username: "a", password: "x", access: "${secret}"`),
      create(`url: "a.example", username: "a", password: "x" "${secret}"`),
      create(`url: "a.example", username: "a", password: "x", access: PULL ${secret}`),
      create(`url: "a.example", username: "a", password: """${secret}""" 7`),
    ];
    for (const document of documents) {
      const message = await messageOf(development, document);
      expect([document, message]).toEqual([document, expect.any(String)]);
      expect(message).not.toContain(secret);
    }
    expect(
      await messageOf(development, create('url: "a.example", username: "a", password: "x", passwort: "y"')),
    ).toMatch(/Did you mean "password"/);
  });

  it('serves GraphiQL to browsers, from its own files only, with no token', async () => {
    const page = await fetch(development.url, { headers: { accept: BROWSER } });
    const html = await page.text();
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(html).not.toMatch(/https?:/);
    const paths = [...html.matchAll(/(?:href|src)="(?!data:,")([^"]+)"/g)].map(([, path = '']) => path);
    expect(paths).toHaveLength(4);
    for (const path of paths) expect((await fetch(development.server.address() + path)).status).toBe(200);
    expect((await fetch(`${development.server.address()}/graphiql/constructor`)).status).toBe(404);
  });

  it('answers queries by GET all the same', async () => {
    const response = await fetch(`${development.url}?query={viewer{subject}}`, { headers: { accept: BROWSER } });
    expect(response.status).toBe(401);
  });

  it('lets pages of this machine in, over HTTP and WebSocket, and no others', async () => {
    const allowed = async (origin: string) => {
      const response = await fetch(development.url, { method: 'OPTIONS', headers: { origin } });
      return response.headers.get('access-control-allow-origin');
    };
    expect(await allowed(LOCAL)).toBe(LOCAL);
    for (const origin of [
      'http://localhost.example.com',
      'https://ci.example.com',
      'http://127.0.0.1.example.com:80',
    ]) {
      expect(await allowed(origin)).toBeNull();
    }
    const client = await connect(development.socketUrl, {
      token: development.issuer.token(),
      headers: { origin: LOCAL },
    });
    await client.received(({ type }) => type === 'connection_ack');
    client.socket.close();
    await client.closed;
  });
});

describe('in production', () => {
  it('says nothing of the schema', async () => {
    expect(await messageOf(production, '{ viewer { subjct } }')).toBe('The document does not fit the schema.');
    expect(await messageOf(production, '{ viewer')).toBe('The document is not valid GraphQL.');
  });

  it('serves no page', async () => {
    expect((await fetch(production.url, { headers: { accept: BROWSER } })).status).toBe(401);
    expect((await fetch(`${production.server.address()}/graphiql/graphiql.js`)).status).toBe(404);
  });

  it('lets no page of this machine in', async () => {
    const response = await fetch(production.url, { method: 'OPTIONS', headers: { origin: LOCAL } });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });
});
