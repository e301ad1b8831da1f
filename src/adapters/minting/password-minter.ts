import type { Egress } from '../../application/ports/egress.ts';
import type { MintedPassword, MintRequest, PasswordMinter } from '../../application/ports/password-minter.ts';
import type { MintKind } from '../../domain/mint-kinds/table.ts';
import { createAssertionSigner } from './assertion-signer.ts';
import { mintForAzure } from './azure.ts';
import { mintForGitHub } from './github-app.ts';
import { mintForGoogle } from './google.ts';
import type { MintingContext, MintingEndpoints } from './minting-context.ts';
import { mintingFailed } from './minting-fault.ts';
import { watchClock } from './watched-clock.ts';

export interface PasswordMinterDeps {
  readonly egress: Egress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Default: the clouds' own. */
  readonly endpoints?: MintingEndpoints;
  /** For one minting with all its requests. Default: the longest deadline of an egress session. */
  readonly deadlineMs?: number;
}

/** Each minting is one egress session, so it ends by the session's deadline. There are no retries. */
export function createPasswordMinter(deps: PasswordMinterDeps): PasswordMinter {
  const { egress, now, endpoints = {}, deadlineMs } = deps;
  const signAssertion = createAssertionSigner();
  return {
    async mint(request) {
      const { session, aheadSeconds } = watchClock(egress.open(deadlineMs === undefined ? {} : { deadlineMs }), now);
      try {
        return await MINTS[request.mint.kind](request, { session, now, endpoints, signAssertion });
      } catch (error) {
        throw mintingFailed(error, session.fault, aheadSeconds());
      } finally {
        await session.close();
      }
    },
  };
}

type Mint = (request: MintRequest, context: MintingContext) => Promise<MintedPassword>;

/** Amazon's SDK is large: it is loaded at the first minting. */
const MINTS: Readonly<Record<MintKind, Mint>> = {
  AMAZON_ECR: async (request, context) => (await import('./amazon-ecr.ts')).mintForEcr(request, context),
  AMAZON_ECR_PUBLIC: async (request, context) =>
    (await import('./amazon-ecr-public.ts')).mintForEcrPublic(request, context),
  GOOGLE: mintForGoogle,
  AZURE: mintForAzure,
  GITHUB_APP: mintForGitHub,
};
