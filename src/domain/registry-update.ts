import type { CredentialVersion } from './credential.ts';
import type { Instant } from './instant.ts';
import { type Decision, existing, type LiveRegistry, type ProposedCredential, type RegistryState } from './registry.ts';
import type { RegistryDetails } from './registry-details.ts';
import type { RegistryEvent } from './registry-events.ts';
import { endingOthers, rotated } from './rotation.ts';

export interface UpdateRegistry {
  /** An undefined field keeps its value. */
  readonly details: { readonly [Field in keyof RegistryDetails]?: RegistryDetails[Field] | undefined };
  /** The declared expiry; undefined keeps the known one. If one was learnt, null or a later date changes nothing. */
  readonly expiresAt: Instant | null | undefined;
  /** Describes a new password; null keeps the stored one. */
  readonly credential: ProposedCredential | null;
}

/**
 * A new password is a rotation. User name and password are one credential, so a new user name alone is sealed with the
 * kept password as a new version. Either ends a staged and a retiring version. An update that changes nothing makes no event.
 */
export function decideUpdate(state: RegistryState, command: UpdateRegistry): Decision {
  const live = existing(state);
  const changes = changedDetails(live, command.details);
  const { credential } = command;
  const version = live.lastVersion + 1;
  const username = changes.username ?? live.username;

  if (credential !== null) {
    const { username: _, ...others } = changes;
    return {
      seal: { version, username },
      events: (ref) => [
        ...(Object.keys(others).length > 0 ? [updated(live, others, null, null)] : []),
        ...endingOthers(live),
        rotated(live, username, { version, ...credential, ...ref }),
      ],
    };
  }

  const expiry = declaredExpiry(live.credential, command.expiresAt);
  if (changes.username !== undefined) {
    const { kind, expiresAt, expirySource, warnings, mint } = { ...live.credential, ...expiry };
    return {
      seal: { version, username },
      events: (ref) => [
        ...endingOthers(live),
        updated(live, changes, expiry, { version, kind, expiresAt, expirySource, warnings, mint, ...ref }),
      ],
    };
  }
  const unchanged = Object.keys(changes).length === 0 && expiry === null;
  return { seal: null, events: unchanged ? [] : [updated(live, changes, expiry, null)] };
}

/** Null if the known date stays: declaring a later date, or none, does not undo a learnt one. */
function declaredExpiry(
  { expiresAt: known, expirySource }: Pick<CredentialVersion, 'expiresAt' | 'expirySource'>,
  declared: Instant | null | undefined,
): Pick<CredentialVersion, 'expiresAt' | 'expirySource'> | null {
  if (declared === undefined || declared === known) return null;
  const isLearnt = known !== null && expirySource !== 'DECLARED';
  if (isLearnt && (declared === null || known < declared)) return null;
  return { expiresAt: declared, expirySource: declared === null ? null : 'DECLARED' };
}

function changedDetails(live: LiveRegistry, details: UpdateRegistry['details']): Partial<RegistryDetails> {
  return Object.fromEntries(
    Object.entries(details).filter(
      ([field, value]) => value !== undefined && value !== live[field as keyof RegistryDetails],
    ),
  );
}

function updated(
  live: LiveRegistry,
  changes: Partial<RegistryDetails>,
  expiry: Pick<CredentialVersion, 'expiresAt' | 'expirySource'> | null,
  credential: CredentialVersion | null,
): RegistryEvent {
  return { type: 'RegistryUpdated', data: { registryId: live.registryId, changes, expiry, credential } };
}
