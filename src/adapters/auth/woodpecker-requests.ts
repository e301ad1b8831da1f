import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AuthenticationFailed, type RefusalReason, type VerifiedToken } from '../../application/ports/authenticator.ts';
import type { SignedRequests, TakenSignatures } from '../../application/ports/signed-requests.ts';
import { unavailable } from '../../domain/errors.ts';
import { PERMISSIONS, type Principal } from '../../domain/permissions.ts';
import { isReadableName } from '../../domain/readable-name.ts';
import { hasItsDigest, isSignedBy, messageSignature, signatureBase } from './message-signature.ts';
import type { WoodpeckerServer } from './woodpecker-servers.ts';

/** Woodpecker's name for its signature (woodpecker-ci/woodpecker, `server/services/utils/http.go`). */
const LABEL = 'woodpecker-ci-extensions';
/** How far from now a signature may have been made. */
const MAX_DISTANCE_MS = 300_000;
/** So long a client may send one again that is the same to the second. */
const RETRIED_MS = 2_000;

const text = z.string().refine(isReadableName);
/** Of woodpecker-ci/woodpecker, `server/model/repo.go`. */
const signedClaims = z.looseObject({ repo: z.looseObject({ full_name: text, forge_remote_id: text }) });

export interface WoodpeckerRequestsOptions {
  readonly servers: readonly WoodpeckerServer[];
  readonly taken: TakenSignatures;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Requests of declared Woodpecker servers. The signed body says which repository asks. */
export function createWoodpeckerRequests({ servers, taken, clock }: WoodpeckerRequestsOptions): SignedRequests {
  return {
    screen: (headers) => void messageSignature(headers, LABEL),

    async identify(request) {
      const signature = messageSignature(request.headers, LABEL);
      const base = signatureBase(signature, request);
      const server = servers.find(({ publicKey }) => isSignedBy(publicKey, signature, base));
      if (server === undefined) throw new AuthenticationFailed('bad_signature');
      // A changed body must not name anybody.
      if (!hasItsDigest(request)) throw new AuthenticationFailed('changed_body', server.url);
      const principal = principalOf(server, request.body, signature.created * 1000);
      const age = clock() - principal.issuedAt;
      if (age > MAX_DISTANCE_MS) throw refused('expired', principal);
      if (age < -MAX_DISTANCE_MS) throw refused('not_yet_valid', principal);
      const digest = createHash('sha256').update(`${server.url}\n`).update(base).digest();
      if (await taken.take(digest)) return principal;
      // Woodpecker repeats a request after half a second if the answer was lost, and signs it again: only after 5xx.
      if (age < RETRIED_MS) throw unavailable('This signature was used. Sign the request again.');
      throw refused('replayed', principal);
    },
  };
}

function principalOf({ url, projects }: WoodpeckerServer, body: Buffer, issuedAt: number): Principal {
  const claims = claimsIn(body);
  if (claims === undefined) throw new AuthenticationFailed('invalid_claims', url);
  const { forge_remote_id, full_name } = claims.repo;
  // A name alone can be given to another repository; the forge's own id for it cannot.
  const subject = `repo:${forge_remote_id}:${full_name}`.slice(0, 255);
  const caller = { subject, issuer: url, tokenId: null, issuedAt, expiresAt: issuedAt + MAX_DISTANCE_MS };
  if (projects === undefined) return { ...caller, grants: new Map(), claims };
  const use = new Set([PERMISSIONS.registryUse]);
  return { ...caller, grants: new Map(projects.map((project) => [project, use])) };
}

function claimsIn(body: Buffer): z.infer<typeof signedClaims> | undefined {
  try {
    return signedClaims.parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

/** For a request whose signature was verified, which the audit logs of its projects may name. */
function refused(reason: RefusalReason, { issuer, subject, tokenId, grants }: Principal): AuthenticationFailed {
  const token: VerifiedToken = { issuer, subject, tokenId, projectIds: [...grants.keys()] };
  return new AuthenticationFailed(reason, issuer, token);
}
