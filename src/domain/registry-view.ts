import type { CredentialKind, ExpirySource, MintConfig } from './credential.ts';
import type { RegistryTested } from './events.ts';
import type { Instant } from './instant.ts';
import {
  type ProbeDetail,
  type ProbeFacts,
  type ProbeOutcome,
  type ProbeVerdicts,
  UNDECIDED,
} from './probe-outcome.ts';
import type { RegistryProvider } from './providers/table.ts';
import type { LiveRegistry, RetiringCredential, StagedCredential } from './registry.ts';
import type { RegistryAccess } from './registry-details.ts';

/** A registry as queries see it. The reader derives status and due dates, which depend on the current time. */
export interface RegistryView {
  readonly id: string;
  readonly projectId: string;
  readonly url: string;
  readonly enteredUrl: string;
  readonly name: string;
  readonly description: string | null;
  readonly email: string | null;
  readonly provider: RegistryProvider;
  readonly username: string;
  readonly access: RegistryAccess;
  readonly caCertificate: string | null;
  readonly authRealmHost: string | null;
  readonly credential: CredentialView;
  /** Null if the stored password is the registry's own. */
  readonly mint: MintConfig | null;
  /** Null before the first test. */
  readonly health: HealthView | null;
  readonly revision: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly updatedAt: Instant;
  readonly updatedBy: string;
}

export interface CredentialView {
  readonly version: number;
  readonly kind: CredentialKind;
  /** False if the secret's row is gone although the log says that it should be there. */
  readonly present: boolean;
  readonly expiresAt: Instant | null;
  readonly expirySource: ExpirySource | null;
  readonly rotateEveryDays: number | null;
  readonly rotatedAt: Instant;
  readonly rotatedBy: string;
  readonly warnings: readonly string[];
  readonly staged: StagedView | null;
  readonly retiring: RetiringView | null;
}

/** What can be read of a view without the rest. Its id comes with each. */
export type RegistryPart = Exclude<keyof RegistryView, 'id' | 'credential'> | keyof CredentialView;

/** A version that is not active yet. */
export interface StagedView {
  readonly version: number;
  readonly stagedAt: Instant;
  readonly stagedBy: string;
  readonly expiresAt: Instant | null;
  readonly health: HealthView | null;
}

/** The version before, while leases keep it. */
export interface RetiringView {
  readonly version: number;
  /** When it is destroyed at the latest. */
  readonly destroyedAt: Instant;
}

export function stagedView(staged: StagedCredential | null, health: HealthView | null): StagedView | null {
  if (staged === null) return null;
  const { version, stagedAt, stagedBy, expiresAt } = staged;
  return { version, stagedAt, stagedBy, expiresAt, health };
}

export function retiringView(retiring: RetiringCredential | null): RetiringView | null {
  return retiring && { version: retiring.version, destroyedAt: retiring.graceEndsAt };
}

/** What the last test of a credential found. */
export interface HealthView extends ProbeVerdicts {
  readonly testedAt: Instant;
  readonly credentialVersion: number | null;
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
  readonly facts?: ProbeFacts;
  readonly durationMs: number;
  /** Where a test last proved that this version may pull or push. */
  readonly provedRepository?: string | null;
}

/** A test that decided nothing leaves what an earlier one found of the same version. */
export function healthAfterTest(
  before: HealthView | null,
  { data }: Pick<RegistryTested, 'data'>,
  testedAt: Instant,
): HealthView {
  const { registryId: _registry, url: _url, scheduled: _scheduled, ...found } = data;
  const known = before?.credentialVersion === found.credentialVersion ? before : null;
  if (known !== null && UNDECIDED.includes(found.outcome)) return known;
  const isProved = found.pull === 'PROVED' || found.push === 'PROVED';
  return {
    testedAt,
    ...found,
    provedRepository: (isProved ? found.repository : null) ?? known?.provedRepository ?? null,
  };
}

/** What a view shows that does not come from the registry's own events. */
export interface ShownWith {
  readonly health: HealthView | null;
  readonly stagedHealth: HealthView | null;
  readonly present: boolean;
}

/** The registry right after an event, made from the folded state instead of read back. */
export function registryView(
  live: LiveRegistry,
  revision: number,
  { health, stagedHealth, present }: ShownWith,
): RegistryView {
  // In one step: each copy of the rest takes more time than all else here, and a rebuild makes a view an event.
  const {
    phase: _phase,
    registryId,
    firstVersion: _first,
    lastVersion: _last,
    rotateEveryDays,
    credential,
    staged,
    retiring,
    links: _links,
    revocations: _revoked,
    ...shown
  } = live;
  const { version, kind, expiresAt, expirySource, rotatedAt, rotatedBy, warnings, mint } = credential;
  return {
    id: registryId,
    ...shown,
    credential: {
      version,
      kind,
      present,
      expiresAt,
      expirySource,
      rotateEveryDays,
      rotatedAt,
      rotatedBy,
      warnings,
      staged: stagedView(staged, stagedHealth),
      retiring: retiringView(retiring),
    },
    mint,
    health,
    revision,
  };
}
