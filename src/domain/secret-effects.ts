import type { CredentialVersion } from './credential.ts';
import type { EventOf, EventType } from './events.ts';

/** What an event does to the sealed secrets of its registry. All effects can be repeated. */
export type SecretEffect =
  /** Makes the secret current and destroys older versions, even if the secret's own row is missing. */
  | { readonly kind: 'settle'; readonly registryId: string; readonly secretId: string; readonly version: number }
  /** Destroys all versions up to this one. */
  | { readonly kind: 'destroy'; readonly registryId: string; readonly version: number }
  /** Destroys the secret if it is still pending. */
  | { readonly kind: 'discard'; readonly secretId: string }
  | { readonly kind: 'none' };
const NONE: SecretEffect = { kind: 'none' };

/** By type of event; null if the type has nothing to do with secrets. */
export const SECRET_EFFECTS: {
  readonly [Type in EventType]: ((data: EventOf<Type>['data'], lastVersion: number) => SecretEffect) | null;
} = {
  RegistryCreated: settle,
  CredentialRotated: settle,
  RegistryUpdated: ({ registryId, credential }) => (credential === null ? NONE : settle({ registryId, credential })),
  RegistryDeleted: ({ registryId }, lastVersion) => ({ kind: 'destroy', registryId, version: lastVersion }),
  PendingSecretDiscarded: ({ secretId }) => ({ kind: 'discard', secretId }),
  // None, but the projector rewrites the registry's row, and must then look for its secret again.
  CredentialExpiryLearnt: () => NONE,
  RegistryTested: null,
  CredentialsTested: null,
  CredentialIssued: null,
  CredentialIssuedAgain: null,
  LeaseReleased: null,
  AccessDenied: null,
  AuthenticationRejected: null,
  WebhookDeliveryReplayed: null,
  IdempotencyKeyClaimed: null,
};

function settle({ registryId, credential }: { readonly registryId: string; readonly credential: CredentialVersion }) {
  const { secretId, version } = credential;
  return { kind: 'settle', registryId, secretId, version } as const;
}

/** `lastVersion`: the registry's highest version before the event. A deletion destroys everything up to it. */
export function secretEffectOf<Type extends EventType>(
  { type, data }: EventOf<Type>,
  lastVersion: number,
): SecretEffect {
  return SECRET_EFFECTS[type]?.(data, lastVersion) ?? NONE;
}
