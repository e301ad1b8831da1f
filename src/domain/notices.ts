import { rotationDueAt } from './credential.ts';
import type { NoticeRaised, RegistryTested } from './events.ts';
import { thresholdsOf } from './expiry-thresholds.ts';
import type { Instant } from './instant.ts';
import { REFUSALS } from './probe-outcome.ts';
import type { LiveRegistry } from './registry.ts';
import type { Told } from './told.ts';
import { unreachable } from './unreachable.ts';

export type RotationNoticeKind =
  | 'ROTATED'
  | 'STAGED'
  | 'ABANDONED'
  | 'RETIRED'
  | 'EXPIRING'
  | 'EXPIRED'
  | 'ROTATION_OVERDUE'
  | 'AUTHENTICATION_FAILED'
  | 'RECOVERED'
  | 'NEEDS_CREDENTIAL'
  | 'DELETED';

/**
 * What a test of the stored credential gives notice of. A refusal that a person asked for is known to that person; of the
 * others people hear once, until the version works again.
 */
export function noticeOfTest(
  registry: LiveRegistry,
  { refused }: Told,
  { data }: RegistryTested,
): 'AUTHENTICATION_FAILED' | 'RECOVERED' | null {
  const { version } = registry.credential;
  if (data.credentialVersion !== version) return null;
  if (REFUSALS.includes(data.outcome)) return data.scheduled && refused !== version ? 'AUTHENTICATION_FAILED' : null;
  const works = [data.login, data.pull, data.push].includes('PROVED');
  return works && refused === version ? 'RECOVERED' : null;
}

export function toldOfTest(told: Told, notice: ReturnType<typeof noticeOfTest>, version: number): Told {
  return notice === null ? told : { ...told, refused: notice === 'RECOVERED' ? null : version };
}

/** When the next notice is due by the clock. It may have passed already. Null if none is. */
export function nextNoticeAt(registry: LiveRegistry, told: Told): Instant | null {
  const [threshold] = untoldThresholds(registry, told);
  const { expiresAt } = registry.credential;
  const moments = [
    threshold === undefined || expiresAt === null ? null : before(expiresAt, threshold),
    untoldDueDate(registry, told),
  ].filter((moment) => moment !== null);
  return moments.sort()[0] ?? null;
}

export interface NoticeOccasion {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether the vault lacks the secret of the current version. */
  readonly secretMissing: boolean;
}

/**
 * The notices that are due and were not given: at most one for each date. If several thresholds have passed, only the
 * nearest to the end is announced.
 */
export function decideNotices(
  registry: LiveRegistry,
  told: Told,
  { now, secretMissing }: NoticeOccasion,
): readonly NoticeRaised[] {
  const { registryId, credential, expiryChanges, rotationPolicyChanges } = registry;
  const { version: credentialVersion, rotatedAt, expiresAt } = credential;
  const at = new Date(now).toISOString();
  const raised: NoticeRaised[] = [];
  const raise = (data: Omit<NoticeRaised['data'], 'registryId' | 'credentialVersion' | 'rotatedAt'>) =>
    raised.push({ type: 'NoticeRaised', data: { registryId, credentialVersion, rotatedAt, ...data } });

  if (expiresAt !== null) {
    const passed = untoldThresholds(registry, told).findLast((threshold) => before(expiresAt, threshold) <= at);
    if (passed !== undefined) {
      const kind = passed === 0 ? 'EXPIRED' : 'EXPIRING';
      raise({ kind, deadline: expiresAt, deadlineChanges: expiryChanges, thresholdMs: passed });
    }
  }
  const dueAt = untoldDueDate(registry, told);
  if (dueAt !== null && dueAt <= at) {
    raise({ kind: 'ROTATION_OVERDUE', deadline: dueAt, deadlineChanges: rotationPolicyChanges, thresholdMs: 0 });
  }
  if (secretMissing && told.missing !== credentialVersion) {
    raise({ kind: 'NEEDS_CREDENTIAL', deadline: null, deadlineChanges: 0, thresholdMs: 0 });
  }
  return raised;
}

/** Whether it speaks of the credential as it is now: somebody may have changed that between decision and record. */
export function isStillTrue(registry: LiveRegistry, { data }: NoticeRaised): boolean {
  const { kind, credentialVersion, rotatedAt, deadlineChanges } = data;
  if (registry.credential.rotatedAt !== rotatedAt) return false;
  switch (kind) {
    case 'EXPIRING':
    case 'EXPIRED':
      return registry.expiryChanges === deadlineChanges;
    case 'ROTATION_OVERDUE':
      return registry.rotationPolicyChanges === deadlineChanges;
    case 'NEEDS_CREDENTIAL':
      return registry.credential.version === credentialVersion;
    default:
      return unreachable(kind, 'scheduled notice');
  }
}

/** Longest first; 0 is the end itself. */
function untoldThresholds({ credential, expiryChanges }: LiveRegistry, { expiry }: Told): readonly number[] {
  const { rotatedAt, expiresAt } = credential;
  if (expiresAt === null) return [];
  const isTold = expiry?.rotatedAt === rotatedAt && expiry.deadlineChanges === expiryChanges;
  const told = isTold ? expiry.thresholdMs : null;
  return [...thresholdsOf({ rotatedAt, expiresAt }), 0].filter((threshold) => told === null || threshold < told);
}

function untoldDueDate(registry: LiveRegistry, { overdue }: Told): Instant | null {
  const { credential, rotateEveryDays, rotationPolicyChanges } = registry;
  const isTold = overdue?.rotatedAt === credential.rotatedAt && overdue.deadlineChanges === rotationPolicyChanges;
  return isTold ? null : rotationDueAt({ rotatedAt: credential.rotatedAt, rotateEveryDays });
}

function before(instant: Instant, milliseconds: number): Instant {
  return new Date(Date.parse(instant) - milliseconds).toISOString();
}
