import { createRegistryProbe } from '../../../src/adapters/registry/registry-probe.ts';
import type { Egress } from '../../../src/application/ports/egress.ts';
import type { ProbeReport, ProbeRequest } from '../../../src/application/ports/registry-probe.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { ECR_HOST } from '../../support/stub-registries/amazon-ecr.ts';
import { ACR_HOST } from '../../support/stub-registries/azure.ts';
import { GAR_HOST } from '../../support/stub-registries/google.ts';
import { createInternet, type Internet } from '../../support/stub-registries/internet.ts';
import type { StubHost, StubRequest } from '../../support/stub-registries/stub-host.ts';

export const NOW = Date.parse('2030-01-31T09:00:00Z');

/** Default: all hosts of registries without a separate test file. */
export function startInternet(names: readonly string[] = SHARED_NAMES): Promise<Internet> {
  return createInternet(names);
}

const SHARED_NAMES = [
  'registry-1.docker.io',
  'auth.docker.io',
  'ghcr.io',
  'api.github.com',
  'registry.gitlab.com',
  'gitlab.com',
  'registry.git.example.com',
  'git.example.com',
  'quay.io',
  'registry.example.com',
  'harbor.example.com',
  'elsewhere.example.com',
  ECR_HOST,
  ACR_HOST,
  GAR_HOST,
];

export type Asked = Pick<ProbeRequest, 'url' | 'provider' | 'username'> & { readonly password: string } & Partial<
    Pick<ProbeRequest, 'repository' | 'access' | 'caCertificate' | 'authRealmHost'>
  >;

export interface Probing {
  readonly trustedRealms?: ReadonlySet<string>;
  readonly plainHttpHosts?: ReadonlySet<string>;
  /** Default: the real one. */
  readonly create?: typeof createRegistryProbe;
}

/** A complete probe through the service's own egress. */
export function probe(
  { egress, caCertificate }: { readonly egress: Egress; readonly caCertificate: string | null },
  asked: Asked,
  { create = createRegistryProbe, plainHttpHosts = new Set(), trustedRealms }: Probing = {},
): Promise<ProbeReport> {
  const { probe: run } = create({
    egress,
    plainHttpHosts,
    now: () => NOW,
    ...(trustedRealms && { trustedRealms }),
  });
  return run({ caCertificate, repository: null, ...asked, password: new Secret(asked.password) });
}

/** `METHOD path`, with the scopes of token requests. */
export function talk({ requests }: StubHost): string[] {
  return requests.map(({ method, path, query }) => [method, path, ...query.getAll('scope')].join(' '));
}

/** Requests that carried a credential or a token. */
export function withCredential({ requests }: StubHost): StubRequest[] {
  return requests.filter(
    ({ headers, body }) => headers.authorization !== undefined || /password|refresh_token/.test(body),
  );
}
