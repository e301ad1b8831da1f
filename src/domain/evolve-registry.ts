import { extended } from './extended.ts';
import type { EventContext, LiveRegistry, PipelineLink, RegistryState } from './registry.ts';
import type { RegistryEvent } from './registry-events.ts';
import { evolveSuccessors, type Successors } from './successors.ts';
import { unreachable } from './unreachable.ts';

export const initialRegistryState: RegistryState = { phase: 'absent', lastVersion: 0 };

export function successorsOf(state: RegistryState): Successors {
  return state.phase === 'absent' ? [] : state.successors;
}

export function evolveRegistry(state: RegistryState, event: RegistryEvent, eventContext: EventContext): RegistryState {
  const after = evolve(state, event, eventContext);
  const known = successorsOf(state);
  if (after.phase === 'absent' || (known.length === 0 && event.type !== 'SuccessorRequested')) return after;
  const held =
    after.phase === 'live' ? [after.credential, after.staged, after.retiring].map((each) => each?.version) : null;
  const replaced = state.phase === 'live' ? state.credential.version : null;
  return { ...after, successors: evolveSuccessors(known, event, { at: eventContext.at, replaced, held }) };
}

function evolve(state: RegistryState, event: RegistryEvent, eventContext: EventContext): RegistryState {
  switch (event.type) {
    case 'RegistryCreated': {
      const { credential, ...registry } = event.data;
      return {
        phase: 'live',
        ...registry,
        credential: extended(credential, { rotatedAt: eventContext.at, rotatedBy: eventContext.actor }),
        ...NO_OTHER_VERSIONS,
        successors: successorsOf(state),
        links: [],
        revocations: 0,
        expiryChanges: 0,
        rotationPolicyChanges: 0,
        createdAt: eventContext.at,
        createdBy: eventContext.actor,
        updatedAt: eventContext.at,
        updatedBy: eventContext.actor,
        firstVersion: credential.version,
        lastVersion: credential.version,
      };
    }
    case 'RegistryUpdated': {
      const live = expectLive(state, event);
      const { changes, expiry, credential } = event.data;
      return {
        ...live,
        ...changes,
        credential: { ...live.credential, ...credential, ...expiry },
        ...(credential && NO_OTHER_VERSIONS),
        expiryChanges: live.expiryChanges + (expiry === null ? 0 : 1),
        rotationPolicyChanges: live.rotationPolicyChanges + (changes.rotateEveryDays === undefined ? 0 : 1),
        ...touched(eventContext),
        lastVersion: credential?.version ?? live.lastVersion,
      };
    }
    case 'CredentialRotated': {
      const live = expectLive(state, event);
      const { username, credential } = event.data;
      return {
        ...live,
        username,
        credential: extended(credential, { rotatedAt: eventContext.at, rotatedBy: eventContext.actor }),
        ...NO_OTHER_VERSIONS,
        ...touched(eventContext),
        lastVersion: credential.version,
      };
    }
    case 'CredentialStaged': {
      const live = expectLive(state, event);
      const { username, credential } = event.data;
      return {
        ...live,
        staged: extended(credential, { username, stagedAt: eventContext.at, stagedBy: eventContext.actor }),
        ...touched(eventContext),
        lastVersion: credential.version,
      };
    }
    case 'CredentialActivated': {
      const live = expectLive(state, event);
      const { username, credential, retiring } = event.data;
      return {
        ...live,
        username,
        credential: extended(credential, { rotatedAt: eventContext.at, rotatedBy: eventContext.actor }),
        staged: null,
        retiring: retiring && extended(live.credential, { username: live.username, graceEndsAt: retiring.graceEndsAt }),
        ...touched(eventContext),
      };
    }
    case 'StagedCredentialAbandoned':
      return { ...expectLive(state, event), staged: null, ...touched(eventContext) };
    case 'CredentialRetired':
      return { ...expectLive(state, event), retiring: null };
    case 'PipelineLinked': {
      const live = expectLive(state, event);
      const { pipeline, note } = event.data;
      return { ...live, links: [...linksWithout(live, pipeline), { pipeline, note }], ...touched(eventContext) };
    }
    case 'PipelineUnlinked': {
      const live = expectLive(state, event);
      return { ...live, links: linksWithout(live, event.data.pipeline), ...touched(eventContext) };
    }
    case 'LeasesRevoked': {
      const live = expectLive(state, event);
      return { ...live, revocations: live.revocations + 1 };
    }
    case 'RegistryDeleted': {
      const live = expectLive(state, event);
      const { projectId, url, successors, lastVersion } = live;
      return { phase: 'deleted', projectId, url, successors, lastVersion };
    }
    case 'SuccessorRequested':
      return expectLive(state, event);
    case 'SuccessorDiscarded':
    case 'SuccessorRevoked':
    case 'SuccessorRevocationFailed':
      return state;
    case 'PendingSecretDiscarded':
      return { ...state, lastVersion: Math.max(state.lastVersion, event.data.credentialVersion) };
    case 'CredentialExpiryLearnt': {
      const live = expectLive(state, event);
      const { credentialVersion, expiresAt } = event.data;
      if (live.credential.version !== credentialVersion) return live;
      return {
        ...live,
        credential: { ...live.credential, expiresAt, expirySource: 'REGISTRY' },
        expiryChanges: live.expiryChanges + 1,
      };
    }
    default:
      return unreachable(event, 'registry event');
  }
}

const NO_OTHER_VERSIONS = { staged: null, retiring: null } as const;

function linksWithout({ links }: LiveRegistry, pipeline: string): readonly PipelineLink[] {
  return links.filter((link) => link.pipeline !== pipeline);
}

function touched(eventContext: EventContext): Pick<LiveRegistry, 'updatedAt' | 'updatedBy'> {
  return { updatedAt: eventContext.at, updatedBy: eventContext.actor };
}

/** If this throws, the log itself is wrong: the caller is not at fault and cannot go on. */
function expectLive(state: RegistryState, event: RegistryEvent): LiveRegistry {
  if (state.phase !== 'live') throw new Error(`${event.type} on a registry that is ${state.phase}`);
  return state;
}
