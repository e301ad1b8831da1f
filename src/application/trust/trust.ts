import { LRUCache } from 'lru-cache';
import type { WorkloadIdentity } from '../../domain/audit-entry.ts';
import { isGranted, type Principal } from '../../domain/permissions.ts';
import { createSharedRead } from '../../domain/shared-read.ts';
import { type Admission, admissionsOf, grants, type Judgement, judge } from '../../domain/trust/admission.ts';
import type { TrustRules } from '../../domain/trust/trust-rule.ts';
import type { AggregateStore, Loaded } from '../log/aggregate-store.ts';

/** What the audit log says of a caller from a CI system who was refused. */
export interface WorkloadAttempt {
  readonly pipeline: string | null;
  readonly runId: string | null;
  /** Null if the caller meets no rule. */
  readonly identity: WorkloadIdentity | null;
  /** Why no rule let the caller in, a sentence a rule; none if one did, or if the project never had a rule. */
  readonly reasons: readonly string[];
}

/**
 * What callers may do in a project: by the permissions of their token, or by the project's trust rules. The rules are read
 * from the log each time, so that they hold and end at once on every replica. If they cannot be read, or somebody other than
 * Purser changed them, they grant nothing. All methods reject with PurserError UNAVAILABLE or CREDENTIAL_UNAVAILABLE then.
 */
export interface Trust {
  /** At once, unless rules must be read. */
  isGranted(caller: Principal, projectId: string, permission: string): boolean | Promise<boolean>;
  /** The rules that the caller's token meets, oldest first; none for a token with permissions. */
  admissions(caller: Principal, projectId: string): Promise<readonly Admission[]>;
  /** Each rule of the project, with what becomes of the token at it. */
  judgements(caller: Principal, projectId: string): Promise<readonly Judgement[]>;
  /** Undefined for a token with permissions. */
  attempt(caller: Principal, projectId: string): Promise<WorkloadAttempt | undefined>;
}

const MAX_REASONS = 5;
const MAX_REASON_LENGTH = 400;
/** Whose rules are being read. One left out is read by each caller. */
const MAX_SHARED_READS = 1_000;

export function createTrust(aggregates: Pick<AggregateStore, 'loadTrustRules'>): Trust {
  const reads = new LRUCache<string, () => Promise<Loaded<TrustRules>>>({ max: MAX_SHARED_READS });

  /** A change reaches each subscriber by a check of its own, and thousands of them must not be as many reads. */
  function rulesOf(projectId: string): Promise<Loaded<TrustRules>> {
    const known = reads.get(projectId);
    if (known) return known();
    const read = createSharedRead(() => aggregates.loadTrustRules(projectId));
    reads.set(projectId, read);
    return read();
  }

  async function admissions(caller: Principal, projectId: string): Promise<readonly Admission[]> {
    const { claims, issuer } = caller;
    if (claims === undefined) return [];
    const { state } = await rulesOf(projectId);
    return admissionsOf(state, { claims, issuer });
  }

  return {
    admissions,

    isGranted(caller, projectId, permission) {
      if (caller.claims === undefined) return isGranted(caller, projectId, permission);
      return admissions(caller, projectId).then((all) => all.some((admission) => grants(admission, permission)));
    },

    async judgements({ claims, issuer }, projectId) {
      const { state } = await rulesOf(projectId);
      return state.rules.map((rule) => judge(rule, { issuer, claims: claims ?? {} }));
    },

    async attempt({ claims, issuer }, projectId) {
      if (claims === undefined) return undefined;
      const { state, revision } = await rulesOf(projectId);
      const judged = state.rules.map((rule) => judge(rule, { issuer, claims }));
      const admission = judged.find((one) => one.admission !== null)?.admission;
      if (admission) {
        const { pipeline, runId, identity } = admission;
        return { pipeline, runId, identity, reasons: [] };
      }
      const reasons = revision === 'no-stream' ? [] : reasonsOf(judged.filter(({ rule }) => rule.issuer === issuer));
      return { pipeline: null, runId: null, identity: null, reasons };
    },
  };
}

function reasonsOf(judged: readonly Judgement[]): string[] {
  if (judged.length === 0) return ['This project has no trust rule for the issuer of the token.'];
  return judged
    .slice(0, MAX_REASONS)
    .map(({ rule, reason }) => [...`Rule "${rule.name}": ${reason}`].slice(0, MAX_REASON_LENGTH).join(''));
}
