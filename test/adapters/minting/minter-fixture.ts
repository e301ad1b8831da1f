import { inspect } from 'node:util';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import type { MintingEndpoints } from '../../../src/adapters/minting/minting-context.ts';
import { createPasswordMinter, type PasswordMinterDeps } from '../../../src/adapters/minting/password-minter.ts';
import type { Egress } from '../../../src/application/ports/egress.ts';
import {
  MintingFailed,
  type MintingFault,
  type MintRequest,
  type PasswordMinter,
} from '../../../src/application/ports/password-minter.ts';
import type { MintConfig } from '../../../src/domain/credential.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { CloudStub } from './cloud-stub.ts';

/** The service's own egress, opened for the stub alone. */
export function egressTo({ authority }: Pick<CloudStub, 'authority'>): Egress {
  return createEgress({ allow: parseAllowList(['127.0.0.1']), plainHttpHosts: new Set([authority]) });
}

/** Sends every request to the stub, whatever its host, and records that host. */
export function egressDivertedTo(stub: Pick<CloudStub, 'url' | 'authority'>): {
  readonly egress: Egress;
  readonly hosts: readonly string[];
} {
  const hosts: string[] = [];
  const divert = (target: string): string => {
    const { host, pathname } = new URL(target);
    hosts.push(host);
    return `${stub.url}${pathname}`;
  };
  const egress = egressTo(stub);
  const open: Egress['open'] = (options) => {
    const session = egress.open(options);
    return {
      request: async ({ url, ...rest }) => session.request({ ...rest, url: divert(url) }),
      get fault() {
        return session.fault;
      },
      close: () => session.close(),
    };
  };
  return { egress: { ...egress, open }, hosts };
}

/** Every endpoint of every cloud. */
export function endpointsAt({ url }: Pick<CloudStub, 'url'>): MintingEndpoints {
  return {
    ecr: url,
    ecrPublic: url,
    sts: url,
    googleToken: `${url}/token`,
    entra: url,
    azureRegistry: url,
    github: url,
    googleSts: `${url}/v1/token`,
    googleIam: url,
    quay: url,
    artifactory: url,
  };
}

export function minterFor(stub: CloudStub, changes: Partial<PasswordMinterDeps> = {}): PasswordMinter {
  return createPasswordMinter({ egress: egressTo(stub), now: Date.now, endpoints: endpointsAt(stub), ...changes });
}

export function mintConfig(changes: Pick<MintConfig, 'kind'> & Partial<MintConfig>): MintConfig {
  return { roleArn: null, externalId: null, tenantId: null, installationId: null, apiUrl: null, ...changes };
}

/** Whom requests are for. It matters to federated logins only. */
export const OWNER = { projectId: 'demo', registryId: '6a2f41a3-c54c-5ce8-8e39-7d1f1a1f7a5e' };

export function source(username: string, password: string): MintRequest['source'] {
  return { username, password: new Secret(password) };
}

/** The fault's class. Fails for any error but a MintingFailed that contains nothing else. */
export async function faultOf(minting: Promise<unknown>, ...secrets: readonly string[]): Promise<MintingFault> {
  const error: unknown = await minting.then(
    () => new Error('a password was minted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MintingFailed)) throw error;
  const shown = inspect(error, { depth: null, showHidden: true });
  if (error.cause !== undefined || secrets.some((secret) => shown.includes(secret))) {
    throw new Error('the error tells more than its fault');
  }
  return error.fault;
}
