import type { EgressResponse } from '../../application/ports/egress.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import type { Secret } from '../../domain/secret.ts';
import { answerableChallenges, type Challenge } from './challenge.ts';
import type { Conversation } from './conversation.ts';
import { ProbeFault } from './probe-fault.ts';
import type { Trial } from './read-probe.ts';
import { errorCode } from './registry-errors.ts';

export type UploadTrial = Trial | 'READ_ONLY';

/**
 * Begins an upload and cancels it, so it creates no blob, manifest or tag. `repository` ends in a slash.
 * @throws ProbeFault @throws EgressFailed
 */
export async function tryToPush(
  conversation: Conversation,
  repository: URL,
  authorization: Secret | null,
): Promise<UploadTrial> {
  const { status, body } = await beginAndCancel(conversation, repository, authorization);
  if (status === 202) return 'ALLOWED';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'DENIED';
  if (status === 405) return 'READ_ONLY';
  if (status === 404 && errorCode(body) === 'NAME_UNKNOWN') return 'NO_REPOSITORY';
  throw new ProbeFault('UNEXPECTED_ANSWER');
}

/**
 * The challenges that a registry with anonymous reads sends to an anonymous push; empty if Purser can answer none.
 * @throws ProbeFault @throws EgressFailed
 */
export async function challengesOfPush(conversation: Conversation, repository: URL): Promise<readonly Challenge[]> {
  const { status, headers } = await beginAndCancel(conversation, repository, null);
  return status === 401 ? answerableChallenges(headers.get('www-authenticate') ?? []) : [];
}

async function beginAndCancel(
  conversation: Conversation,
  repository: URL,
  authorization: Secret | null,
): Promise<EgressResponse> {
  const uploads = new URL('blobs/uploads/', repository);
  const response = await conversation.ask(uploads, { method: 'POST', authorization });
  const upload = response.status === 202 ? ownUpload(response, uploads) : undefined;
  // Errors do not matter: an upload that is not cancelled expires, and GitHub cannot cancel uploads (405).
  if (upload !== undefined) await conversation.ask(upload, { method: 'DELETE', authorization }).catch(() => undefined);
  return response;
}

/** Undefined for other origins: the credential is sent to the registry's own origin only. */
function ownUpload({ headers }: EgressResponse, uploads: URL): URL | undefined {
  const [location, ...others] = headers.get('location') ?? [];
  if (location === undefined || others.length > 0) return undefined;
  const upload = parseUrl(location, uploads);
  if (upload === undefined) return undefined;
  if (upload.origin !== uploads.origin || upload.username !== '' || upload.password !== '') return undefined;
  upload.hash = '';
  return upload;
}
