import type { ProbeReport, ProbeRequest } from '../../application/ports/registry-probe.ts';
import { secretFault } from '../../domain/entered-credential.ts';
import type { ProbeOutcome } from '../../domain/probe-outcome.ts';
import type { Entrance } from './login.ts';
import type { Fault } from './probe-fault.ts';
import { type RepositoryRights, verdictOf } from './repository-rights.ts';

type Conclusion = Omit<ProbeReport, 'expiresAt' | 'durationMs'>;

/** With these outcomes the registry refused the credential. */
const LOGIN_REFUSED: ReadonlySet<ProbeOutcome> = new Set([
  'AUTHENTICATION_FAILED',
  'INSUFFICIENT_PERMISSION',
  'EXPIRED',
]);

/** The login was refused, or could not be tried. @param now milliseconds since 1970 */
export function withoutLogin(request: ProbeRequest, fault: Fault, now: number): Conclusion {
  const refused = LOGIN_REFUSED.has(fault.outcome);
  return {
    ...(refused ? explained(request, fault, now) : fault),
    login: refused ? 'DENIED' : 'UNKNOWN',
    pull: 'UNKNOWN',
    push: 'UNKNOWN',
    method: null,
    repository: request.repository,
  };
}

/**
 * @param entrance undefined if the registry asks for no login
 * @param rights null if no repository was named
 * @param now milliseconds since 1970
 */
export function conclude(
  request: ProbeRequest,
  entrance: Entrance | undefined,
  rights: RepositoryRights | null,
  now: number,
): Conclusion {
  const { pull, push } = rights ?? { pull: 'UNKNOWN', push: 'UNKNOWN' };
  return {
    ...((rights && outcomeOfRights(request, rights, now)) ?? {
      outcome: 'OK',
      detail: entrance ? null : 'NO_LOGIN_ASKED',
    }),
    login: entrance === undefined ? 'UNKNOWN' : 'PROVED',
    pull: verdictOf(pull),
    push: verdictOf(push),
    method: rights?.method ?? methodOf(entrance),
    repository: request.repository,
  };
}

/** Null if no right is missing. */
function outcomeOfRights(request: ProbeRequest, { pull, push, fault }: RepositoryRights, now: number): Fault | null {
  const wanted = request.access === 'PULL' ? [pull] : [pull, push];
  const verdicts = wanted.map(verdictOf);
  // Some registries create a repository with its first push. Before that, there is nothing to pull from.
  if (verdictOf(push) !== 'PROVED' && [pull, push].includes('NO_REPOSITORY')) {
    return { outcome: 'REPOSITORY_NOT_FOUND', detail: null };
  }
  if (verdicts.includes('DENIED')) {
    const detail = wanted.includes('READ_ONLY') ? 'READ_ONLY' : null;
    return explained(request, { outcome: 'INSUFFICIENT_PERMISSION', detail }, now);
  }
  return verdicts.includes('UNKNOWN') ? fault : null;
}

function methodOf(entrance: Entrance | undefined): ProbeReport['method'] {
  if (entrance === undefined) return null;
  return entrance.scheme === 'BASIC' ? 'BASIC' : 'TOKEN_SCOPE';
}

/** Adds to a refusal what the secret's own text tells about it. */
export function explained(
  { provider, username, password }: Pick<ProbeRequest, 'provider' | 'username' | 'password'>,
  fault: Fault,
  now: number,
): Fault {
  if (fault.detail !== null) return fault;
  const detail = secretFault(provider, username, password, now);
  if (fault.outcome === 'INSUFFICIENT_PERMISSION') {
    // The login worked, so the password is of the right kind.
    return { ...fault, detail: detail === 'FINE_GRAINED_TOKEN' ? detail : null };
  }
  return detail === 'SECRET_EXPIRED' ? { outcome: 'EXPIRED', detail } : { ...fault, detail };
}
