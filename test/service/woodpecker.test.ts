import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import { type Ask, askFor } from '../support/credential-asks.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { createWoodpeckerDouble, WOODPECKER_URL } from '../support/woodpecker.ts';
import { AUDIT, CREATE, LEASES } from './operations.ts';

const [one, two] = [canary('woodpecker-one'), canary('woodpecker-two')];
const server = createWoodpeckerDouble();
const stranger = createWoodpeckerDouble();

let purser: TestPurser;
let replica: TestPurser;
beforeAll(async () => {
  const servers = [{ url: WOODPECKER_URL, publicKey: server.publicKey, projects: ['demo', 'empty', 'few'] }];
  purser = await startPurser({ environment: { WOODPECKER_SERVERS: JSON.stringify(servers) } });
  replica = await startPurser({ replicaOf: purser });
  for (const [url, password, more] of [
    ['docker.io', one, {}],
    ['registry.example:5000', two, { access: 'PULL' }],
    ['third.example', canary('woodpecker-three'), {}],
  ] as const) {
    await purser.graphql(CREATE, { input: { url, username: 'ada', password, ...more } });
  }
});
afterAll(async () => {
  await replica?.stop();
  await purser?.stop();
});

const ask = (request: Ask, at: TestPurser = purser) => askFor(at, request);
const leasesOf = async (runId: string) =>
  (await purser.graphql(LEASES, { filter: { pipeline: 'octo/app', runId, activeOnly: false } })).data.leases.nodes;
const SUBJECT = 'repo:4711:octo/app';

describe('a Woodpecker server', () => {
  it('gets the credentials of the project to pull with, a lease for each registry', async () => {
    const { status, json, headers } = await ask(server.ask({ pipeline: 1 }));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json.registries).toHaveLength(3);
    expect(json.registries).toEqual(
      expect.arrayContaining([
        { address: 'docker.io', username: 'ada', password: one },
        { address: 'registry.example:5000', username: 'ada', password: two },
      ]),
    );
    const leases = await leasesOf('1');
    expect(leases).toHaveLength(3);
    for (const lease of leases) expect(lease).toMatchObject({ issuedTo: SUBJECT, purpose: 'PULL' });
    const filter = { actor: SUBJECT, action: 'ISSUE_CREDENTIAL', runId: '1' };
    const { nodes } = (await purser.graphql(AUDIT, { filter })).data.auditLog;
    expect(nodes).toHaveLength(3);
    expect(nodes[0]).toMatchObject({ outcome: 'SUCCEEDED', issuer: WOODPECKER_URL, pipeline: 'octo/app' });
  });

  it('gets those that its URL names, and nothing for what the project does not have', async () => {
    const named = await ask(server.ask({ pipeline: 2, query: 'project=demo&registries=docker.io,ghcr.io' }));
    expect(named.json.registries.map(({ address }: { address: string }) => address)).toEqual(['docker.io']);
    expect((await ask(server.ask({ query: 'project=demo&registries=ghcr.io' }))).status).toBe(204);
    expect((await ask(server.ask({ query: 'project=empty' }))).status).toBe(204);
  });

  it('gets the others if one has no credential that may be issued', async () => {
    const token = purser.token({ projects: { few: Object.values(PERMISSIONS) } });
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    for (const [url, more] of [
      ['docker.io', {}],
      ['short.example', { expiresAt }],
    ] as const) {
      const input = { url, username: 'ada', password: canary('few'), ...more };
      const { errors } = await purser.graphql(CREATE, { projectId: 'few', input }, token);
      expect(errors).toBeUndefined();
    }
    let asked = 0;
    const addresses = async () => {
      const parameters = (created: number) => `;created=${created};nonce="few-${asked++}"`;
      const { status, json } = await ask(server.ask({ query: 'project=few', pipeline: 50, parameters }));
      expect(status).toBe(200);
      return json.registries.map(({ address }: { address: string }) => address);
    };
    await expect.poll(addresses, { timeout: 30_000 }).toEqual(['docker.io']);
  });

  it('shares the leases of a pipeline over all its requests, on every replica', async () => {
    const asks = Array.from({ length: 10 }, (_, second) => server.ask({ pipeline: 3, createdAfter: -10_000 * second }));
    const answers = await Promise.all(asks.map((each, index) => ask(each, index % 2 ? replica : purser)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(await leasesOf('3')).toHaveLength(3);
  });

  it('may ask for the projects alone that are declared for it, which stands in their audit log', async () => {
    const { status, text } = await ask(server.ask({ query: 'project=other' }));
    expect({ status, text }).toEqual({
      status: 403,
      text: 'Purser refused this (FORBIDDEN): You do not have the permission for this in this project.\n',
    });
    const token = purser.token({ projects: { other: ['iam:project:cicd:audit:read'] } });
    const { data } = await purser.graphql(AUDIT, { projectId: 'other', filter: { outcome: 'DENIED' } }, token);
    expect(data.auditLog.nodes).toMatchObject([{ actor: SUBJECT, issuer: WOODPECKER_URL, pipeline: 'octo/app' }]);
  });
});

const MINUTES = 60_000;
const changed = (request: Ask): Ask => ({ ...request, body: request.body.replace('octo/app', 'evil/app') });

describe('a request that no declared Woodpecker server signed just now', () => {
  const refused: readonly (readonly [what: string, make: () => Ask])[] = [
    ['by another key', () => stranger.ask()],
    ['by an RSA key', () => server.ask({ key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey })],
    ['six minutes ago', () => server.ask({ createdAfter: -6 * MINUTES })],
    ['six minutes ahead', () => server.ask({ createdAfter: 6 * MINUTES })],
    ['with another body', () => changed(server.ask())],
    [
      'with another body and its digest',
      () => {
        const { headers } = stranger.ask({ pipeline: 99 });
        const digest = headers?.['content-digest'] ?? '';
        const request = server.ask();
        return {
          ...request,
          body: stranger.ask({ pipeline: 99 }).body,
          headers: { ...request.headers, 'content-digest': digest },
        };
      },
    ],
    ['for another project', () => ({ ...server.ask({ query: 'project=empty' }), path: '/v1/woodpecker?project=demo' })],
    ['without the target', () => server.ask({ covered: ['content-digest'] })],
    ['without the body', () => server.ask({ covered: ['@request-target'] })],
    ['without a time', () => server.ask({ parameters: () => ';alg="ed25519"' })],
    ['by another algorithm', () => server.ask({ parameters: (at) => `;created=${at};alg="hmac-sha256"` })],
    ['without a signature', () => ({ ...server.ask(), headers: { 'content-type': 'application/json' } })],
    [
      'but with a token',
      () => ({ ...server.ask(), headers: { 'content-type': 'application/json' }, token: purser.token() }),
    ],
    [
      'in no form that is known',
      () => ({ ...server.ask(), headers: { ...server.ask().headers, signature: 'x=1, (' } }),
    ],
  ];

  it.each(refused)('%s gets nothing', async (_, make) => {
    const { status, text, headers } = await ask(make());
    expect({ status, text }).toEqual({
      status: 401,
      text: 'Purser refused this (UNAUTHENTICATED): A valid token is needed.\n',
    });
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('is taken once, on all replicas together', async () => {
    const request = server.ask({ pipeline: 40, createdAfter: -10_000 });
    const answers = await Promise.all([purser, replica, purser, replica].map((at) => ask(request, at)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect((await ask(request, replica)).status).toBe(401);
    // Every registry once.
    const { data } = await purser.graphql(AUDIT, { filter: { runId: '40', action: 'ISSUE_CREDENTIAL' } });
    expect(data.auditLog.totalCount).toBe(3);
  });

  it('is to be signed again if it was sent again at once, as Woodpecker does after a lost answer', async () => {
    // Dated ahead, so that it is still new when it comes again, however slow this machine is.
    const request = server.ask({ pipeline: 41, createdAfter: 60_000 });
    expect((await ask(request)).status).toBe(200);
    const { status, text } = await ask(request);
    expect({ status, text }).toEqual({
      status: 503,
      text: 'Purser refused this (UNAVAILABLE): This signature was used. Sign the request again.\n',
    });
  });

  it('stands in the audit logs of the projects if the signature was verified, and nowhere else', async () => {
    await ask(server.ask({ createdAfter: -7 * MINUTES }));
    await purser.stop();
    const filter = { action: 'AUTHENTICATE' };
    const { nodes } = (await replica.graphql(AUDIT, { filter })).data.auditLog;
    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) expect(node).toMatchObject({ issuer: WOODPECKER_URL, outcome: 'DENIED' });
    expect(JSON.stringify(nodes)).not.toContain('evil/app');
  });
});
