import { askForChallenges, type Entrance, logIn, type RegistryTarget } from './login.ts';
import { ProbeFault } from './probe-fault.ts';
import { repositoryUrl } from './repository-rights.ts';
import { challengesOfPush, tryToPush } from './upload-probe.ts';

/**
 * Logs in. Undefined if the registry asks for no login; the credential is then not tested. A registry with anonymous
 * reads may still ask for a login to push.
 * @throws ProbeFault @throws EgressFailed
 */
export async function findEntrance(target: RegistryTarget, repository: string | null): Promise<Entrance | undefined> {
  const challenges = await askForChallenges(target);
  if (challenges !== undefined) return logIn(target, challenges);
  if (repository === null) return undefined;

  const url = repositoryUrl(target, repository);
  const toPush = await challengesOfPush(target.conversation, url);
  if (toPush.length === 0) return undefined;
  const entrance = await logIn(target, toPush);
  // This registry allows anonymous access, so with Basic only the push tests the login.
  const refused =
    entrance.scheme === 'BASIC' &&
    (await tryToPush(target.conversation, url, entrance.authorization)) === 'UNAUTHENTICATED';
  if (refused) throw new ProbeFault('AUTHENTICATION_FAILED');
  return entrance;
}
