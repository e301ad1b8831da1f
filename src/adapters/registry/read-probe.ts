import type { Secret } from '../../domain/secret.ts';
import type { Conversation } from './conversation.ts';
import { ProbeFault } from './probe-fault.ts';
import { errorCode } from './registry-errors.ts';

/** Of a repository: what a request that needs a right says about that right. */
export type Trial = 'ALLOWED' | 'UNAUTHENTICATED' | 'DENIED' | 'NO_REPOSITORY';

/** A tag that nobody has: only whether it may be looked for matters, and nothing counts as a pull. */
const NO_TAG = 'purser-looks-whether-it-may-pull';
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * Looks for a manifest rather than at the list of tags, for which Amazon wants another right.
 * @throws ProbeFault @throws EgressFailed
 */
export async function tryToPull(
  conversation: Conversation,
  repository: URL,
  authorization: Secret | null,
): Promise<Trial> {
  const url = new URL(`manifests/${NO_TAG}`, repository);
  const { status, body } = await conversation.ask(url, { authorization, accept: MANIFESTS });
  if (status === 200) return 'ALLOWED';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'DENIED';
  const code = status === 404 ? errorCode(body) : undefined;
  if (code === 'MANIFEST_UNKNOWN') return 'ALLOWED';
  if (code === 'NAME_UNKNOWN') return 'NO_REPOSITORY';
  throw new ProbeFault('UNEXPECTED_ANSWER');
}

/**
 * Whether the repository exists, for somebody who may pull it.
 * @throws ProbeFault @throws EgressFailed
 */
export async function repositoryExists(
  conversation: Conversation,
  repository: URL,
  authorization: Secret,
): Promise<boolean> {
  const { status } = await conversation.ask(new URL('tags/list?n=1', repository), { authorization });
  if (status === 200) return true;
  if (status === 401 || status === 403 || status === 404) return false;
  throw new ProbeFault('UNEXPECTED_ANSWER');
}
