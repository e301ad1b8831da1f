import type { EgressSession } from '../../application/ports/egress.ts';

/** Base URLs in place of the clouds' own: for tests, and for clouds at other addresses. */
export interface MintingEndpoints {
  /** Amazon ECR's API. */
  readonly ecr?: string;
  /** Amazon's Security Token Service. */
  readonly sts?: string;
  /** Google's OAuth 2.0 token endpoint, with its path. */
  readonly googleToken?: string;
  /** Microsoft Entra, without the tenant. */
  readonly entra?: string;
  /** Any registry of Azure. */
  readonly azureRegistry?: string;
  readonly github?: string;
}

/** What one minting works with. */
export interface MintingContext {
  /** All requests of it, under one deadline. Nothing else is ever contacted. */
  readonly session: EgressSession;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly endpoints: MintingEndpoints;
}
