import type { CredentialVersion } from './credential.ts';
import type { EventOf, EventType } from './events.ts';

/** What an event does to the sealed secrets of its registry. All effects can be repeated. */
export type SecretEffect =
  /**
   * Moves the secret on to a state. The losers, which are pending at the same version, are destroyed. A secret that is in a
   * later state, or is destroyed, stays so.
   */
  | {
      readonly kind: 'advance';
      readonly registryId: string;
      readonly secretId: string;
      readonly version: number;
      readonly state: SettledState;
    }
  /** Destroys all versions up to this one but `kept`, even if the rows that took their place are missing. */
  | {
      readonly kind: 'destroy';
      readonly registryId: string;
      readonly upToVersion: number;
      readonly kept: number | null;
    }
  /** Destroys one secret, whatever state it is in. */
  | { readonly kind: 'end'; readonly registryId: string; readonly secretId: string; readonly version: number }
  /** Destroys the secret if it is still pending. */
  | { readonly kind: 'discard'; readonly secretId: string };

/** The states of a secret that an event refers to, in the order in which it goes through them. It may skip some. */
export type SettledState = 'staged' | 'current' | 'retiring';

/** By type of event; null if the type has nothing to do with secrets. */
export const SECRET_EFFECTS: {
  readonly [Type in EventType]: ((data: EventOf<Type>['data'], lastVersion: number) => SecretEffect[]) | null;
} = {
  RegistryCreated: replacing,
  CredentialRotated: replacing,
  RegistryUpdated: ({ registryId, credential }) => (credential === null ? [] : replacing({ registryId, credential })),
  CredentialStaged: ({ registryId, credential: { secretId, version } }) => [
    { kind: 'advance', registryId, secretId, version, state: 'staged' },
  ],
  CredentialActivated: ({ registryId, credential, retiring }) => [
    ...replacing({ registryId, credential, kept: retiring?.credentialVersion ?? null }),
    ...(retiring ? [retiringOf(registryId, retiring)] : []),
  ],
  StagedCredentialAbandoned: ending,
  CredentialRetired: ending,
  RegistryDeleted: ({ registryId }, lastVersion) => [
    { kind: 'destroy', registryId, upToVersion: lastVersion, kept: null },
  ],
  PendingSecretDiscarded: ({ secretId }) => [{ kind: 'discard', secretId }],
  // None, here and below, but the projector rewrites the registry's row, and must then look for its secret again.
  CredentialExpiryLearnt: () => [],
  SuccessorRequested: () => [],
  SuccessorDiscarded: () => [],
  SuccessorRevoked: () => [],
  SuccessorRevocationFailed: () => [],
  PipelineLinked: () => [],
  PipelineUnlinked: () => [],
  LeasesRevoked: () => [],
  RegistryTested: null,
  CredentialsTested: null,
  CredentialIssued: null,
  CredentialIssuedAgain: null,
  LeaseReleased: null,
  AccessDenied: null,
  AuditLogExported: null,
  AuditLogRead: null,
  AuthenticationRejected: null,
  WebhookDeliveryReplayed: null,
  AuthenticationFailureReported: null,
  NoticeRaised: null,
  CalendarFeedCreated: null,
  CalendarFeedRevoked: null,
  TrustRuleCreated: null,
  TrustRuleUpdated: null,
  TrustRuleDeleted: null,
  TrustChecked: null,
  IdempotencyKeyClaimed: null,
};

interface Replacement {
  readonly registryId: string;
  readonly credential: CredentialVersion;
  readonly kept?: number | null;
}

function replacing({ registryId, credential, kept = null }: Replacement): SecretEffect[] {
  const { secretId, version } = credential;
  return [
    { kind: 'destroy', registryId, upToVersion: version - 1, kept },
    { kind: 'advance', registryId, secretId, version, state: 'current' },
  ];
}

function retiringOf(
  registryId: string,
  { secretId, credentialVersion }: NonNullable<EventOf<'CredentialActivated'>['data']['retiring']>,
): SecretEffect {
  return { kind: 'advance', registryId, secretId, version: credentialVersion, state: 'retiring' };
}

function ending({
  registryId,
  secretId,
  credentialVersion,
}: EventOf<'StagedCredentialAbandoned' | 'CredentialRetired'>['data']): SecretEffect[] {
  return [{ kind: 'end', registryId, secretId, version: credentialVersion }];
}

/** In their order. `lastVersion`: the registry's highest version before the event. A deletion destroys all up to it. */
export function secretEffectsOf<Type extends EventType>(
  { type, data }: EventOf<Type>,
  lastVersion: number,
): readonly SecretEffect[] {
  return SECRET_EFFECTS[type]?.(data, lastVersion) ?? [];
}
