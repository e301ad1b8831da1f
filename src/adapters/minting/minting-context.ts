import type { EgressSession } from '../../application/ports/egress.ts';
import { MintingFailed } from '../../application/ports/password-minter.ts';
import type { Secret } from '../../domain/secret.ts';
import type { SignAssertion } from './assertion-signer.ts';

/** Base URLs instead of the clouds' own, for tests and for clouds at other addresses. */
export interface MintingEndpoints {
  /** Amazon ECR's API. */
  readonly ecr?: string;
  readonly ecrPublic?: string;
  /** Amazon's Security Token Service. */
  readonly sts?: string;
  /** Google's OAuth 2.0 token endpoint, with its path. */
  readonly googleToken?: string;
  /** Microsoft Entra, without the tenant. */
  readonly entra?: string;
  /** For every Azure registry. */
  readonly azureRegistry?: string;
  readonly github?: string;
  /** Google's Security Token Service, with its path. */
  readonly googleSts?: string;
  /** Google's Service Account Credentials API. */
  readonly googleIam?: string;
  /** For every Quay. */
  readonly quay?: string;
  /** For every Artifactory. */
  readonly artifactory?: string;
}

/** For one minting. */
export interface MintingContext {
  /** For all requests of the minting, under one deadline. It contacts nothing else. */
  readonly session: EgressSession;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly endpoints: MintingEndpoints;
  readonly signAssertion: SignAssertion;
  /** The service's own token for this cloud and this registry. Undefined if a secret is stored. */
  readonly ownToken: Secret | undefined;
}

/** @throws MintingFailed if a secret is stored */
export function requireOwnToken({ ownToken }: Pick<MintingContext, 'ownToken'>): string {
  if (ownToken === undefined) throw new MintingFailed('NO_ISSUER');
  return ownToken.reveal();
}
