import { askForChallenge, type Entrance, logIn, type RegistryTarget } from './login.ts';
import { ProbeFault } from './probe-fault.ts';
import { repositoryUrl } from './repository-rights.ts';
import { challengeOfPush, tryToPush } from './upload-probe.ts';

/**
 * Logs in. Undefined if the registry asks for no login; the credential is then not tested. A registry with anonymous
 * reads may still ask for a login to push.
 * @throws ProbeFault @throws EgressFailed
 */
export async function findEntrance(target: RegistryTarget, repository: string | null): Promise<Entrance | undefined> {
  const challenge = await askForChallenge(target);
  if (challenge !== undefined) return logIn(target, challenge);
  if (repository === null) return undefined;

  const url = repositoryUrl(target, repository);
  const toPush = await challengeOfPush(target.conversation, url);
  if (toPush === undefined) return undefined;
  const entrance = await logIn(target, toPush);
  // This registry allows anonymous access, so with Basic only the push tests the login.
  const refused =
    entrance.scheme === 'BASIC' &&
    (await tryToPush(target.conversation, url, entrance.authorization)) === 'UNAUTHENTICATED';
  if (refused) throw new ProbeFault('AUTHENTICATION_FAILED');
  return entrance;
}
