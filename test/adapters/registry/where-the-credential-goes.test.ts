import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import { registryApi, rightsByBasic } from '../../support/stub-registries/registry-api.ts';
import { ask, challenge, ELSEWHERE, HOST, MARK, withTokens } from './hostile-registry.ts';
import { probe, startInternet, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

describe('the credential stays with the registry', () => {
  it.each([
    [`https://${ELSEWHERE}/token`, 'REALM_ELSEWHERE'],
    [`http://${HOST}/token`, 'REALM_PLAIN_HTTP'],
    [`https://${HOST}@${ELSEWHERE}/token`, 'REALM_UNREADABLE'],
    [`https://${HOST}.${ELSEWHERE}/token`, 'REALM_ELSEWHERE'],
    ['/token', 'REALM_UNREADABLE'],
    ['not a URL', 'REALM_UNREADABLE'],
  ])('when the realm is %s', async (realm, detail) => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 200, body: { token: 'x' } }));
    const host = await internet.serve(HOST, () => challenge(realm));
    const report = await probe(internet, ask());
    expect(report).toMatchObject({ outcome: 'REALM_NOT_TRUSTED', detail, login: 'UNKNOWN' });
    expect(elsewhere.connections).toBe(0);
    expect(withCredential(host)).toEqual([]);
    expect(internet.dialled).not.toContain(ELSEWHERE);
  });

  it('unless the operator allows the host of the realm', async () => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 401 }));
    await internet.serve(HOST, () => challenge(`https://${ELSEWHERE}/token`));
    const report = await probe(internet, ask(), { trustedRealms: new Set([ELSEWHERE]) });
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    expect(withCredential(elsewhere)).toHaveLength(1);
  });

  it('unless a writer of the registry has confirmed the host of the realm', async () => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 401 }));
    await internet.serve(HOST, () => challenge(`https://${ELSEWHERE}/token`));
    const report = await probe(internet, ask({ authRealmHost: ELSEWHERE }));
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    expect(withCredential(elsewhere)).toHaveLength(1);
  });

  it('and the report names the host of the realm, so that it can be confirmed', async () => {
    await internet.serve(HOST, () => challenge(`https://${ELSEWHERE}:8443/token?${MARK}`));
    const report = await probe(internet, ask());
    expect(report.facts).toEqual({ realmHost: `${ELSEWHERE}:8443` });
    expect(JSON.stringify(report)).not.toContain(MARK);
  });

  it('when a confirmed host has a private address', async () => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 200, body: { token: 'x' } }));
    await internet.serve(HOST, () => challenge(`https://127.0.0.1:${elsewhere.port}/token`));
    const report = await probe(internet, ask({ authRealmHost: `127.0.0.1:${elsewhere.port}` }));
    expect(report).toMatchObject({ outcome: 'TARGET_NOT_ALLOWED', detail: 'PRIVATE_ADDRESS', login: 'UNKNOWN' });
    expect(elsewhere.connections).toBe(0);
  });

  it('which gets it by Basic if the realm of the other challenge is elsewhere', async () => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 200, body: { token: 'x' } }));
    const robot = { username: 'robot', password: canary('both'), rights: { 'team/app': ['pull', 'push'] as const } };
    const host = await internet.serve(HOST, (request) =>
      registryApi(request, {
        challenge: `Bearer realm="https://${ELSEWHERE}/token",service="x", Basic realm="r"`,
        rights: rightsByBasic([robot]),
      }),
    );
    const report = await probe(internet, ask({ password: robot.password }));
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED' });
    expect(elsewhere.connections).toBe(0);
    expect(withCredential(host).length).toBeGreaterThan(0);
  });

  it.each([301, 302, 307, 308])('when the token server redirects with %i', async (status) => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 200, body: { token: 'x' } }));
    await internet.serve(HOST, withTokens({ status, headers: { location: `https://${ELSEWHERE}/token` } }));
    expect(await probe(internet, ask())).toMatchObject({ outcome: 'UNEXPECTED_ANSWER', login: 'UNKNOWN' });
    expect(elsewhere.connections).toBe(0);
  });

  it.each([
    [`https://${ELSEWHERE}/v2/team/app/blobs/uploads/1`, false],
    [`//${ELSEWHERE}/v2/team/app/blobs/uploads/1`, false],
    [`http://${HOST}/v2/team/app/blobs/uploads/1`, false],
    [`https://${HOST}:8443/v2/team/app/blobs/uploads/1`, false],
    [`https://user:x@${HOST}/v2/team/app/blobs/uploads/1`, false],
    ['http://[', false],
    [`https://${HOST}/v2/team/app/blobs/uploads/1?state=a%2Fb`, true],
    ['/v2/team/app/blobs/uploads/1?state=a%2Fb', true],
    ['1?state=a%2Fb', true],
  ])('when the upload continues at %s', async (location, followed) => {
    const elsewhere = await internet.serve(ELSEWHERE, () => ({ status: 204 }));
    const robot = { username: 'robot', password: canary('upload'), rights: { 'team/app': ['pull', 'push'] as const } };
    const host = await internet.serve(HOST, (request) => {
      const answer = registryApi(request, { challenge: 'Basic realm="r"', rights: rightsByBasic([robot]) });
      return answer.status === 202 ? { ...answer, headers: { location } } : answer;
    });
    const report = await probe(internet, ask({ password: robot.password }));
    expect(report).toMatchObject({ outcome: 'OK', push: 'PROVED', method: 'UPLOAD_PROBE' });
    const cancels = host.requests.filter(({ method }) => method === 'DELETE');
    expect(cancels.map(({ path, query }) => [path, query.get('state')])).toEqual(
      followed ? [['/v2/team/app/blobs/uploads/1', 'a/b']] : [],
    );
    expect(elsewhere.connections).toBe(0);
    expect(internet.dialled.every((name) => name === HOST)).toBe(true);
  });
});
