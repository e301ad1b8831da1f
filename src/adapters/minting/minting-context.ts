import type { EgressSession } from '../../application/ports/egress.ts';
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
}

/** For one minting. */
export interface MintingContext {
  /** For all requests of the minting, under one deadline. It contacts nothing else. */
  readonly session: EgressSession;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly endpoints: MintingEndpoints;
  readonly signAssertion: SignAssertion;
}
