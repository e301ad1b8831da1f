import type { Egress } from '../../application/ports/egress.ts';
import {
  type MintedPassword,
  MintingFailed,
  type MintRequest,
  type PasswordMinter,
} from '../../application/ports/password-minter.ts';
import type { WorkloadTokens } from '../../application/ports/workload-tokens.ts';
import type { MintKind } from '../../domain/mint-kinds/table.ts';
import { federatedAudience } from '../../domain/mint-source.ts';
import type { Secret } from '../../domain/secret.ts';
import { mintForArtifactory } from './artifactory.ts';
import { createAssertionSigner } from './assertion-signer.ts';
import { mintForAzure } from './azure.ts';
import { mintForGitHub } from './github-app.ts';
import { mintForGoogle } from './google.ts';
import { mintForGoogleFederated } from './google-federated.ts';
import type { MintingContext, MintingEndpoints } from './minting-context.ts';
import { mintingFailed } from './minting-fault.ts';
import { mintForQuay } from './quay.ts';
import { watchClock } from './watched-clock.ts';

export interface PasswordMinterDeps {
  readonly egress: Egress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Signs what federated logins are made with. Undefined: the service has no issuer. */
  readonly workloadTokens?: WorkloadTokens | undefined;
  /** Default: the clouds' own. */
  readonly endpoints?: MintingEndpoints;
  /** For one minting with all its requests. Default: the longest deadline of an egress session. */
  readonly deadlineMs?: number;
}

/** Each minting is one egress session, so it ends by the session's deadline. There are no retries. */
export function createPasswordMinter(deps: PasswordMinterDeps): PasswordMinter {
  const { egress, now, workloadTokens, endpoints = {}, deadlineMs } = deps;
  const signAssertion = createAssertionSigner();
  return {
    async mint(request) {
      const ownToken = await ownTokenFor(request, workloadTokens);
      const { session, aheadSeconds } = watchClock(egress.open(deadlineMs === undefined ? {} : { deadlineMs }), now);
      try {
        return await MINTS[request.mint.kind](request, { session, now, endpoints, signAssertion, ownToken });
      } catch (error) {
        throw mintingFailed(error, session.fault, aheadSeconds());
      } finally {
        await session.close();
      }
    },
  };
}

/** The audience is that of the kind of cloud, and the subject that of the registry: no caller chooses either. */
async function ownTokenFor(
  { mint, url, owner }: MintRequest,
  workloadTokens: WorkloadTokens | undefined,
): Promise<Secret | undefined> {
  const audience = federatedAudience(mint, url);
  if (audience === undefined) return undefined;
  if (workloadTokens === undefined) throw new MintingFailed('NO_ISSUER');
  return workloadTokens.sign(owner, audience);
}

type Mint = (request: MintRequest, context: MintingContext) => Promise<MintedPassword>;

/** Amazon's SDK is large: it is loaded at the first minting. */
const MINTS: Readonly<Record<MintKind, Mint>> = {
  AMAZON_ECR: async (request, context) => (await import('./amazon-ecr.ts')).mintForEcr(request, context),
  AMAZON_ECR_PUBLIC: async (request, context) =>
    (await import('./amazon-ecr-public.ts')).mintForEcrPublic(request, context),
  GOOGLE: (request, context) =>
    request.mint.federated ? mintForGoogleFederated(request, context) : mintForGoogle(request, context),
  AZURE: mintForAzure,
  GITHUB_APP: mintForGitHub,
  QUAY: mintForQuay,
  ARTIFACTORY: mintForArtifactory,
};
