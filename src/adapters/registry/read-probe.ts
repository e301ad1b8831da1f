import type { Secret } from '../../domain/secret.ts';
import type { Conversation } from './conversation.ts';
import { ProbeFault } from './probe-fault.ts';
import { errorCode } from './registry-errors.ts';

/** What a request to a repository says about the right that it needs. */
export type Trial = 'ALLOWED' | 'UNAUTHENTICATED' | 'DENIED' | 'NO_REPOSITORY';

/** A tag that does not exist: the probe asks only whether it may look for it, and no registry counts that as a pull. */
const NO_TAG = 'purser-looks-whether-it-may-pull';
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * Asks for a manifest rather than for the list of tags, because Amazon requires another right for the list.
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
 * Whether the repository exists. False also if this login may not pull it.
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
