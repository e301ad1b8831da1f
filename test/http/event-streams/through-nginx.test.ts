import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Follower, follow, TRANSPORTS } from '../../support/follower.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { type Nginx, startNginx } from '../../support/nginx.ts';
import { skipReason, titled } from '../../support/required-tools.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const NOTICES =
  'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { cursor credentialVersion } }';

/** The settings as docs/operations.md shows them. */
function documented(): { readonly http: string; readonly server: string } {
  const [, block = ''] = readFileSync(join(DOCS, 'operations.md'), 'utf8').split('```nginx\n');
  const [settings = ''] = block.split('```');
  const [http = '', location] = settings.split(/^(?=location)/m);
  if (location === undefined) throw new Error('docs/operations.md has no settings for nginx');
  return { http, server: location };
}

const missing = skipReason('nginx', 'curl');

describe.skipIf(missing)(titled('behind nginx with the settings of docs/operations.md', missing), () => {
  let service: HttpService;
  let nginx: Nginx;
  beforeAll(async () => {
    service = await startHttpService();
    const { http, server } = documented();
    const toService = server.replace('http://127.0.0.1:4000', service.url.replace('/graphql', ''));
    nginx = await startNginx(http, toService);
  });
  afterAll(async () => {
    await nginx?.[Symbol.asyncDispose]();
    await service?.server.close();
  });

  it('each event comes at once, by WebSocket and as an event stream', async () => {
    const token = service.issuer.token();
    const followers: Follower[] = [];
    for (const one of TRANSPORTS) followers.push(await follow(one, `${nginx.url}/graphql`, token, { query: NOTICES }));
    await expect.poll(() => service.double.openFeeds).toBe(2);
    for (let count = 1; count <= 3; count += 1) {
      service.double.publishNotice('demo');
      // The next one is published when this one is there.
      await expect.poll(() => followers.map((follower) => follower.events().length)).toEqual([count, count]);
    }
    for (const each of followers) each.cut();
    await expect.poll(() => service.double.openFeeds).toBe(0);
  });
});

describe.skipIf(missing)(titled('the command for curl in docs/clients.md', missing), () => {
  it('follows notices after the cursor, and keeps the token out of its arguments', async () => {
    await using service = await startHttpService();
    const [, section = ''] = readFileSync(join(DOCS, 'clients.md'), 'utf8').split('## Event streams');
    const [, block = ''] = section.split('```sh\n');
    const [command = ''] = block.split('```');
    expect(command).toContain('curl -N');
    const before = await follow('sse', service.url, service.issuer.token(), { query: NOTICES });
    await expect.poll(() => service.double.openFeeds).toBe(1);
    service.double.publishNotice('demo', { message: 'the first' });
    service.double.publishNotice('demo', { message: 'the second' });
    await expect.poll(() => before.events().length).toBe(2);
    const CURSOR = JSON.parse(before.events()[0] ?? '').data.rotationNotices.cursor;
    before.cut();

    const child = spawn('sh', ['-c', command.replace('https://purser.example.com/graphql', service.url)], {
      env: { PATH: process.env.PATH, TOKEN: service.issuer.token(), CURSOR },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await expect.poll(() => said).toContain('the second');
    expect(said).not.toContain('the first');
    service.double.publishNotice('demo', { message: 'the third' });
    await expect.poll(() => said).toContain('the third');
    const ended = once(child, 'exit');
    // The shell and curl.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
});
