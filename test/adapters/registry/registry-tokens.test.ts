import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRegistryTokenServer } from '../../../src/adapters/registry/registry-token-server.ts';
import type {
  RegistryTokenRefused,
  RegistryTokenRequest,
} from '../../../src/application/ports/registry-token-server.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { createMutant, type Fault } from '../../support/mutant.ts';
import { ECR_HOST, startEcr } from '../../support/stub-registries/amazon-ecr.ts';
import { ACR_HOST, startAcr } from '../../support/stub-registries/azure.ts';
import { startDockerHub } from '../../support/stub-registries/docker-hub.ts';
import { FORGEJO_HOST, startForgejo } from '../../support/stub-registries/forgejo.ts';
import { startGhcr } from '../../support/stub-registries/ghcr.ts';
import { startGitLab } from '../../support/stub-registries/gitlab.ts';
import { GAR_HOST, startArtifactRegistry } from '../../support/stub-registries/google.ts';
import { startHarbor } from '../../support/stub-registries/harbor.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import { startQuay } from '../../support/stub-registries/quay.ts';
import { type Action, createTokenBox, registryApi } from '../../support/stub-registries/registry-api.ts';
import type { StubAnswer } from '../../support/stub-registries/stub-host.ts';
import { NOW, startInternet, talk, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

const account = (actions: readonly Action[], username = 'robot') => ({
  username,
  password: canary('token'),
  rights: { 'team/app': actions },
});

type Asked = Pick<RegistryTokenRequest, 'url' | 'provider' | 'username'> & { password: string; actions?: Action[] };

function make({ password, ...asked }: Asked, create = createRegistryTokenServer) {
  const server = create({ egress: internet.egress, plainHttpHosts: new Set(), now: () => NOW });
  const { caCertificate } = internet;
  const rest = { repository: 'team/app', actions: ['pull'], caCertificate, authRealmHost: null } as const;
  return server.makeToken({ ...rest, ...asked, password: new Secret(password) });
}

/** The kind of the fault, and for refusals what was found; undefined if a token was made. */
async function faultOf(made: Promise<unknown>): Promise<unknown> {
  const error: unknown = await made.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof Error) || error.name !== 'RegistryTokenRefused') throw error;
  const { fault } = error as RegistryTokenRefused;
  return fault.kind === 'REFUSED' ? fault.outcome : fault.kind;
}

describe('a registry token', () => {
  it.each([
    ['Docker Hub', 'docker.io', 'DOCKER_HUB', startDockerHub, 300],
    ['GitLab', 'registry.gitlab.com', 'GITLAB', startGitLab, 60],
    ['Azure', ACR_HOST, 'AZURE', startAcr, 60],
  ] as const)('of %s is made for one repository and purpose', async (_name, url, provider, start, seconds) => {
    const robot = account(['pull', 'push']);
    const hosts = Object.values(await start(internet, [robot]));
    const { token, expiresAt } = await make({ url, provider, ...robot });
    expect(expiresAt).toBe(new Date(NOW + seconds * 1000).toISOString());
    const claims = JSON.parse(Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString());
    expect(claims.access).toEqual([{ type: 'repository', name: 'team/app', actions: ['pull'] }]);
    // One anonymous request, and one with the password: to the token server.
    expect(hosts.flatMap(withCredential)).toHaveLength(1);
    expect(hosts.flatMap(talk)).toContainEqual(expect.stringContaining('repository:team/app:pull'));
  });

  it('for pushing is asked for both actions', async () => {
    const robot = account(['pull', 'push'], 'team+ci');
    const { host } = await startQuay(internet, [robot], { repositories: ['team/app'] });
    await make({ url: 'quay.io', provider: 'QUAY', ...robot, actions: ['pull', 'push'] });
    expect(talk(host)).toContain('GET /v2/auth repository:team/app:pull,push');
  });

  it('of Docker Hub is for `library` if the image has one name', async () => {
    const robot = { ...account([]), rights: { 'library/alpine': ['pull'] as const } };
    await startDockerHub(internet, [robot]);
    const asked = { url: 'docker.io', provider: 'DOCKER_HUB', ...robot, repository: 'alpine' } as const;
    expect(await faultOf(make(asked))).toBeUndefined();
  });
});

describe('no registry token is handed out', () => {
  const harbor = { url: 'harbor.example.com', provider: 'HARBOR' } as const;
  const ghcr = { url: 'ghcr.io', provider: 'GITHUB' } as const;

  it('by Harbor to a robot that can push, because its tokens are good for all that the robot may do', async () => {
    const [pusher, puller] = [account(['pull', 'push'], 'robot$a'), account(['pull'], 'robot$b')];
    await startHarbor(internet, [pusher, puller]);
    expect(await faultOf(make({ ...harbor, ...pusher }))).toBe('TOO_WIDE');
    expect(await faultOf(make({ ...harbor, ...puller }))).toBeUndefined();
  });

  it('to a wrong password, even if the server makes a token for anybody', async () => {
    await startHarbor(internet, []);
    expect(await faultOf(make({ ...harbor, ...account(['pull']) }))).toBe('AUTHENTICATION_FAILED');
    await startDockerHub(internet, []);
    const hub = { url: 'docker.io', provider: 'DOCKER_HUB', ...account(['pull']) } as const;
    expect(await faultOf(make(hub))).toBe('AUTHENTICATION_FAILED');
  });

  it('with less than was asked for, although the answer is 200', async () => {
    const robot = account(['pull']);
    await startDockerHub(internet, [robot]);
    const asked = { url: 'docker.io', provider: 'DOCKER_HUB', ...robot } as const;
    expect(await faultOf(make({ ...asked, actions: ['pull', 'push'] }))).toBe('INSUFFICIENT_PERMISSION');
  });

  it.each([
    ['opaque', false],
    ['boasting', true],
  ])('by GitHub, whose tokens may be good for all that the password is: %s', async (_kind, boastingTokens) => {
    const robot = account(['pull', 'push']);
    const { host } = await startGhcr(internet, [robot], { boastingTokens });
    expect(await faultOf(make({ ...ghcr, ...robot }))).toBe('UNREADABLE');
    expect(withCredential(host)).toEqual([]);
  });

  it('if it does not say what it is good for, as by Google and Forgejo', async () => {
    const robot = account(['pull']);
    await startArtifactRegistry(internet, [robot], ['team/app']);
    expect(await faultOf(make({ url: GAR_HOST, provider: 'GOOGLE', ...robot }))).toBe('UNREADABLE');
    await startForgejo(internet, [robot], { owners: ['team'] });
    expect(await faultOf(make({ url: FORGEJO_HOST, provider: 'FORGEJO', ...robot }))).toBe('UNREADABLE');
  });

  it('by a registry that logs clients in without tokens, which is not sent the password', async () => {
    const robot = account(['pull'], 'AWS');
    const { host } = await startEcr(internet, [robot], { repositories: ['team/app'] });
    expect(await faultOf(make({ url: ECR_HOST, provider: 'AMAZON_ECR', ...robot }))).toBe('MAKES_NONE');
    expect(withCredential(host)).toEqual([]);
  });

  it('by a token server elsewhere, which is not sent the password', async () => {
    const robot = account(['pull']);
    const elsewhere = await internet.serve('elsewhere.example.com', () => ({ status: 200, body: {} }));
    const challenge = 'Bearer realm="https://elsewhere.example.com/token",service="s", Basic realm="r"';
    const rules = { challenge, rights: () => undefined };
    const host = await internet.serve('registry.example.com', (request) => registryApi(request, rules));
    const asked = { url: 'registry.example.com', provider: 'GENERIC', ...robot } as const;
    expect(await faultOf(make(asked))).toBe('REALM_NOT_TRUSTED');
    expect([elsewhere, host].flatMap(withCredential)).toEqual([]);
  });

  const access = [{ type: 'repository', name: 'team/app', actions: ['pull'] }];
  const withAccess = (entry: object) => ({ sub: 'robot', access: [...access, entry] });

  it.each([
    ['has ended', { sub: 'robot', access, exp: NOW / 1000 - 1 }, {}, 'ENDED'],
    ['was issued long ago', { sub: 'robot', access }, { issued_at: '2030-01-30T09:00:00Z', expires_in: 300 }, 'ENDED'],
    ['lets in another repository', withAccess({ type: 'repository', name: 'a', actions: ['pull'] }), {}, 'TOO_WIDE'],
    ['lets in the catalogue', withAccess({ type: 'registry', name: 'catalog', actions: ['*'] }), {}, 'TOO_WIDE'],
    ['is anonymous', { sub: '', access }, {}, 'AUTHENTICATION_FAILED'],
    ['is too long for clients', { sub: 'robot', access, more: 'x'.repeat(20_000) }, {}, 'UNREADABLE'],
  ])('that %s', async (_what, claims, answer, fault) => {
    expect(await faultOf(made(claims, answer))).toBe(fault);
  });

  async function made(
    claims: Parameters<ReturnType<typeof createTokenBox>['jwt']>[0],
    answer: object,
    create = createRegistryTokenServer,
  ) {
    const box = createTokenBox();
    await internet.serve('registry.example.com', (request): StubAnswer => {
      if (request.path === '/token') return { status: 200, body: { token: box.jwt(claims), ...answer } };
      const realm = 'Bearer realm="https://registry.example.com/token",service="s"';
      return registryApi(request, { challenge: realm, rights: box.rights });
    });
    const asked = { url: 'registry.example.com', provider: 'GENERIC', ...account(['pull']) } as const;
    return make(asked, create);
  }

  describe('and without each guard it would be', () => {
    type Module = typeof import('../../../src/adapters/registry/registry-token-server.ts');
    async function broken(...faults: readonly Pick<Fault, 'find' | 'replace'>[]) {
      const file = 'registry-token-server.ts';
      const mutant = await createMutant(
        'adapters/registry',
        faults.map((fault) => ({ file, ...fault })),
      );
      return (await mutant.load<Module>(file)).createRegistryTokenServer;
    }

    it('too wide', async () => {
      const create = await broken({ find: "grant === 'MORE'", replace: 'false' });
      const robot = account(['pull', 'push'], 'robot$a');
      await startHarbor(internet, [robot]);
      expect(await faultOf(make({ ...harbor, ...robot }, create))).toBeUndefined();
    });

    it('one that GitHub made', async () => {
      const create = await broken({ find: ".token === 'OPAQUE'", replace: '.token === null' });
      const robot = account(['pull', 'push']);
      await startGhcr(internet, [robot], { boastingTokens: true });
      expect(await faultOf(make({ ...ghcr, ...robot }, create))).toBeUndefined();
    });

    it.each([
      ['past its end', 'expiresAt === null', { sub: 'robot', access, exp: NOW / 1000 - 1 }],
      ['anonymous', '|| !claims.authenticated', { sub: '', access }],
    ])('%s', async (_what, find, claims) => {
      const create = await broken({ find, replace: find.startsWith('||') ? '' : 'false' });
      expect(await faultOf(made(claims, {}, create))).toBeUndefined();
    });
  });
});
