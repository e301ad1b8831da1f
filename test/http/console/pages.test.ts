import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleBuildFault, readConsoleBuild } from '../../../src/http/console/console-build.ts';
import { consoleHeaders } from '../../../src/http/console/console-headers.ts';
import { buildConsoleFixture, PAGE_TEXT, PICTURE, SCRIPT, SCRIPT_TEXT, STYLE } from '../../support/console-fixture.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { connect } from '../../support/socket-client.ts';

const STYLE_HASH = `sha256-${'A'.repeat(43)}=`;
const SETTINGS = { version: '1.2.3', signIn: { kind: 'none', reason: 'A "test" of <b> & $&.' } } as const;
/** The settings stand in an attribute, which no text of theirs leaves. */
const WRITTEN =
  '{&quot;version&quot;:&quot;1.2.3&quot;,&quot;signIn&quot;:{&quot;kind&quot;:&quot;none&quot;,' +
  '&quot;reason&quot;:&quot;A \\&quot;test\\&quot; of &lt;b&gt; &amp; $&amp;.&quot;}}';
const PAGE_SENT = PAGE_TEXT.replace('content=""', () => `content="${WRITTEN}"`);
const PAGES = [
  '/',
  '/sign-in',
  '/signed-in',
  '/projects',
  '/projects/demo',
  '/projects/demo/registries?status=FAILING',
];

let fixture: Awaited<ReturnType<typeof buildConsoleFixture>>;
let service: HttpService;
let without: HttpService;
let notBuilt: HttpService;
beforeAll(async () => {
  fixture = await buildConsoleFixture({ styles: [STYLE_HASH] });
  const build = await readConsoleBuild(fixture.folder);
  const options = { settings: SETTINGS, connectTo: ['https://id.example', 'https://tokens.example'] };
  service = await startHttpService({ deps: { console: { ...options, build: async () => build } } });
  notBuilt = await startHttpService({ deps: { console: { ...options, build: async () => undefined } } });
  without = await startHttpService();
});
afterAll(async () => {
  await Promise.all([service, notBuilt, without].map(({ server }) => server.close()));
  await fixture.remove();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The path as it stands: a browser's `fetch` would tidy it. */
async function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    at = service,
  }: { method?: string; headers?: Record<string, string>; at?: HttpService } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(at.url);
  const asked = request({ hostname, port, path, method, headers });
  asked.end();
  const [answer]: IncomingMessage[] = await once(asked, 'response');
  if (answer === undefined) throw new Error('no answer');
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

const isJson404 = ({ status, headers, body }: Answer) =>
  status === 404 &&
  headers['content-type'] === 'application/json; charset=utf-8' &&
  JSON.parse(body.toString()).errors[0].extensions.code === 'BAD_USER_INPUT';

describe('the pages of the console', () => {
  it.each(PAGES)('%s is the page, which is asked for again each time', async (path) => {
    const { status, headers, body } = await ask(path);
    expect([status, headers['content-type'], body.toString()]).toEqual([200, 'text/html; charset=utf-8', PAGE_SENT]);
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers.vary).toBe('Accept-Encoding');
  });

  it.each([...PAGES, SCRIPT, STYLE, PICTURE, '/console/settings'])(
    '%s has the headers that confine a page',
    async (path) => {
      const { headers } = await ask(path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self' " +
          `'${STYLE_HASH}'; img-src 'self' data:; font-src 'self'; ` +
          "connect-src 'self' https://id.example https://tokens.example; form-action 'none'; base-uri 'none'; " +
          "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types purser-worker",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': expect.stringContaining('camera=()'),
      });
      expect(Object.keys(headers).filter((name) => /^access-control-|^set-cookie$/.test(name))).toEqual([]);
    },
  );

  it('name the collector of reports, if there is one', () => {
    const policyFor = (reportTo?: string) =>
      consoleHeaders({ connectTo: [], styles: [], reportTo })['content-security-policy'];
    expect(policyFor('https://reports.example/csp')).toBe(`${policyFor()}; report-uri https://reports.example/csp`);
  });

  it('are not there for pages of other sites, not even listed ones', async () => {
    await using open = await startHttpService({
      config: { corsOrigins: ['https://ci.example.com'] },
      deps: { console: { build: async () => undefined, settings: SETTINGS, connectTo: [] } },
    });
    const { headers } = await ask('/console/settings', { at: open, headers: { origin: 'https://ci.example.com' } });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    '/project',
    '/projectsx',
    '/sign-in/',
    '/signed-in/x',
    '/index.html',
    '/files.json',
    '/console',
    '/Projects',
  ])('%s is not one of them', async (path) => {
    expect(isJson404(await ask(path))).toBe(true);
  });

  it.each(['/graphql', '/healthz', '/docs/errors'])('%s stays what it was', async (path) => {
    const [mine, before] = [await ask(path), await ask(path, { at: without })];
    expect([mine.status, mine.body.toString()]).toEqual([before.status, before.body.toString()]);
    expect(mine.headers['content-security-policy']).toBe(before.headers['content-security-policy']);
  });
});

describe('the files of the console', () => {
  it.each([
    [SCRIPT, 'text/javascript; charset=utf-8'],
    [STYLE, 'text/css; charset=utf-8'],
    [PICTURE, 'image/png'],
  ])('%s may be cached for a year', async (path, type) => {
    const { status, headers } = await ask(path);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['*', 'br'],
    ['deflate', undefined],
    ['', undefined],
    ['identity;q=0', undefined],
    ['br;q=0, gzip;q=0', undefined],
  ])('are sent to a client that takes “%s” as %s', async (accepted, coding) => {
    const { status, headers, body } = await ask(SCRIPT, { headers: { 'accept-encoding': accepted } });
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, coding, 'Accept-Encoding']);
    const text = coding === 'br' ? brotliDecompressSync(body) : coding === 'gzip' ? gunzipSync(body) : body;
    expect(text.toString()).toBe(SCRIPT_TEXT);
    expect(Number(headers['content-length'])).toBe(body.length);
  });

  it('are sent as they are where there is no compressed form', async () => {
    const { headers, body } = await ask(PICTURE, { headers: { 'accept-encoding': 'br, gzip' } });
    expect([headers['content-encoding'], body.length]).toEqual([undefined, 20]);
  });

  it('have a tag for each form, by which nothing is sent again', async () => {
    const tags = new Set<string>();
    for (const accepted of ['identity', 'gzip', 'br']) {
      for (const path of ['/', SCRIPT]) {
        const { headers } = await ask(path, { headers: { 'accept-encoding': accepted } });
        const tag = headers.etag ?? '';
        expect(tag).toMatch(/^"[\w-]+"$/);
        tags.add(tag);
        for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
          const again = await ask(path, { headers: { 'accept-encoding': accepted, 'if-none-match': known } });
          expect([known, again.status, again.body.length, again.headers.etag]).toEqual([known, 304, 0, tag]);
          expect(again.headers['cache-control']).toBe(headers['cache-control']);
        }
        const other = await ask(path, { headers: { 'accept-encoding': accepted, 'if-none-match': '"other"' } });
        expect(other.status).toBe(200);
      }
    }
    expect(tags.size).toBe(6);
  });

  it.each(['/', '/projects/demo', SCRIPT, '/console/settings'])(
    '%s answers HEAD as GET, without the body',
    async (path) => {
      const [get, head] = [await ask(path), await ask(path, { method: 'HEAD' })];
      expect([head.status, head.body.length]).toEqual([200, 0]);
      for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'content-security-policy']) {
        expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
      }
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('refuse %s', async (method) => {
    for (const path of ['/', '/projects/demo', '/sign-in', SCRIPT, '/console/settings']) {
      const { status, headers } = await ask(path, { method });
      expect([path, status, headers.allow]).toEqual([path, 405, 'GET, HEAD']);
    }
  });

  it.each([
    '/assets/',
    '/assets',
    '/assets/nothing-A1b2C3d4.js',
    '/assets/../index.html',
    '/assets/..%2findex.html',
    '/assets/%2e%2e/files.json',
    '/assets/..\\files.json',
    '/assets/....//files.json',
    '/assets/../../../../etc/passwd',
    '/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/assets//etc/passwd',
    '/assets/index-A1b2C3d4.js.br',
    '/assets/index-A1b2C3d4.js.gz',
    '/assets/index-A1b2C3d4.js%00',
    '/assets/index-A1b2C3d4.js/',
    '/assets/%69ndex-A1b2C3d4.js',
    '/assets/INDEX-A1b2C3d4.js',
    '/assets/constructor',
    '/assets/__proto__',
    '/assets/%zz',
    '//assets/index-A1b2C3d4.js',
  ])('%s leads nowhere', async (path) => {
    const answer = await ask(path);
    expect(isJson404(answer)).toBe(true);
    expect(answer.body.toString()).not.toContain('root:');
  });

  it('do not mind a query', async () => {
    expect((await ask(`${SCRIPT}?v=1`)).status).toBe(200);
  });
});

describe('the settings of the console', () => {
  it('say which version runs and how to sign in, to everybody, and are not stored', async () => {
    const { status, headers, body } = await ask('/console/settings');
    expect([status, JSON.parse(body.toString()), headers['cache-control']]).toEqual([200, SETTINGS, 'no-store']);
  });
});

describe('a service without the console', () => {
  it.each([...PAGES, SCRIPT, '/console/settings', '/console/sign-in'])('has nothing at %s', async (path) => {
    for (const method of ['GET', 'POST']) expect(isJson404(await ask(path, { method, at: without }))).toBe(true);
  });

  it.each([...PAGES, SCRIPT])('has nothing at %s if the console was not built', async (path) => {
    for (const method of ['GET', 'POST']) expect(isJson404(await ask(path, { method, at: notBuilt }))).toBe(true);
    expect((await ask('/console/settings', { at: notBuilt })).status).toBe(200);
  });
});

describe('the build', () => {
  it('is undefined where nothing was built', async () => {
    expect(await readConsoleBuild(join(fixture.folder, 'assets'))).toBeUndefined();
  });

  it.each([
    '{',
    '{"files":["assets/index-A1b2C3d4.js"]}',
    '{"files":["index.html","assets/gone-A1b2C3d4.js"]}',
    '{"files":["index.html","assets/../secret-A1b2C3d4.js"]}',
    '{"files":["index.html","/etc/passwd"]}',
    `{"files":["index.html"],"styles":["'unsafe-inline'"]}`,
  ])('with the list %s is refused with what to do', async (list) => {
    const broken = await buildConsoleFixture();
    try {
      await writeFile(join(broken.folder, 'files.json'), list);
      await writeFile(join(broken.folder, 'secret-A1b2C3d4.js'), 'a secret');
      const reading = readConsoleBuild(broken.folder);
      await expect(reading).rejects.toThrow(ConsoleBuildFault);
      await expect(reading).rejects.toThrow('build it again with npm run build');
    } finally {
      await broken.remove();
    }
  });
});

describe('the WebSocket', () => {
  const opened = async (origin: string, at: HttpService) => {
    const client = await connect(at.socketUrl, { token: at.issuer.token(), headers: { origin } });
    await client.received(({ type }) => type === 'connection_ack');
    client.socket.close();
    await client.closed;
  };

  it("is open for the console's own pages, whether or not a proxy took TLS away", async () => {
    const { host } = new URL(service.url);
    await opened(`http://${host}`, service);
    await opened(`https://${host}`, service);
  });

  it('stays closed for all other pages, and for its own without the console', async () => {
    const { host, port } = new URL(service.url);
    for (const origin of [
      'https://evil.example',
      'null',
      `http://localhost:${port}`,
      'http://127.0.0.1',
      `http://${host}.evil.example`,
    ]) {
      await expect(connect(service.socketUrl, { headers: { origin } })).rejects.toThrow('403');
    }
    const own = `http://${new URL(without.url).host}`;
    await expect(connect(without.socketUrl, { headers: { origin: own } })).rejects.toThrow('403');
  });
});
