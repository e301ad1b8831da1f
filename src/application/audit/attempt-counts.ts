import { ASKED_FOR_NOTHING, type AskedFor, common, type Entered, inCommon } from '../../domain/asked-for.ts';
import type { AuditAction } from '../../domain/audit-actions.ts';
import type { AccessDenied } from '../../domain/events.ts';
import { callerKey } from '../../domain/permissions.ts';
import type { EventMetadata } from '../ports/event-log.ts';
import { lateMetadata, type RequestContext, systemMetadata } from '../request-context.ts';

const MINUTE_MS = 60_000;
/** So many equal attempts of a minute are recorded one by one; further ones are counted. */
const RECORDED_ONE_BY_ONE = 20;
/** Kinds of denied attempts, by project and action, that one subject has in a minute. Further ones are not looked at. */
const MAX_DENIED_OF_SUBJECT = 50;
/** Kinds of attempts in one project. Further ones share one count for each code. */
const MAX_OF_PROJECT = 200;
/** Kinds of attempts altogether. */
const MAX_KINDS = 2_000;
/** Shared counts altogether. What is beyond them is counted without its project. */
const MAX_SHARED = 1_000;
/** What the audit log calls attempts that share a count. */
const SEVERAL_ACTIONS: AuditAction = 'OTHER_ATTEMPTS';

/** A refused attempt, with the texts as they were entered. */
export interface RefusedAttempt extends Entered {
  readonly projectId: string;
  /** Such as `CREATE_REGISTRY` or `READ_AUDIT_LOG`. */
  readonly action: string;
  /** Why a trust rule did not let the caller do it, if one let the caller in. */
  readonly reason?: string | undefined;
}

/** A refused attempt, fit for the audit log. */
export interface JudgedAttempt extends AskedFor {
  readonly projectId: string;
  readonly action: string;
  readonly outcome: AccessDenied['data']['outcome'];
  readonly code: string;
  readonly reasons?: readonly string[];
}

/** Equal attempts, counted. What differs between them is left out. */
export interface CountedAttempts {
  readonly attempt: JudgedAttempt;
  readonly metadata: EventMetadata;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface AttemptCounts {
  /**
   * `record`: write this attempt by itself. `counted`: it is in a count. `refuse`: the subject was denied so much that
   * the attempt gets no answer; it is in the count that belongs to no project.
   */
  take(context: RequestContext, attempt: JudgedAttempt, at: number): 'record' | 'counted' | 'refuse';
  /** Only those with attempts that were not recorded one by one. */
  counted(): CountedAttempts[];
}

interface Kind {
  recorded: number;
  further: CountedAttempts | undefined;
}

/** The refused attempts of one minute. Its memory and the number of events that it leads to are bounded. */
export function createAttemptCounts(): AttemptCounts {
  const kinds = new Map<string, Kind>();
  const shared = new Map<string, Kind>();
  const ofNoProject: Kind = newKind();
  const deniedOfSubject = new Map<string, number>();
  const ofProject = new Map<string, number>();

  /** Undefined if there are too many kinds already. */
  function kindOf(
    { principal, identity }: RequestContext,
    attempt: JudgedAttempt,
  ): Kind | 'too many of the subject' | undefined {
    const { projectId, action, outcome, code } = attempt;
    // Anybody has tokens of a public CI system, of any number of subjects: who meets no rule is one with all others.
    const isStranger = principal.claims !== undefined && identity === undefined;
    const subject = isStranger ? JSON.stringify([principal.issuer]) : callerKey(principal);
    const key = JSON.stringify([subject, projectId, action, outcome, code]);
    const known = kinds.get(key);
    if (known !== undefined) return known;
    const denied = deniedOfSubject.get(subject) ?? 0;
    if (outcome === 'DENIED' && denied === MAX_DENIED_OF_SUBJECT) return 'too many of the subject';
    const inProject = ofProject.get(projectId) ?? 0;
    if (inProject === MAX_OF_PROJECT || kinds.size === MAX_KINDS) return undefined;
    const kind = newKind();
    kinds.set(key, kind);
    ofProject.set(projectId, inProject + 1);
    if (outcome === 'DENIED') deniedOfSubject.set(subject, denied + 1);
    return kind;
  }

  function sharedKind({ projectId, outcome, code }: JudgedAttempt): Kind | undefined {
    const key = JSON.stringify([projectId, outcome, code]);
    const known = shared.get(key);
    if (known !== undefined || shared.size === MAX_SHARED) return known;
    const kind = newKind();
    shared.set(key, kind);
    return kind;
  }

  return {
    take(context, attempt, at) {
      const kind = kindOf(context, attempt);
      const counted = { attempt, metadata: metadataOf(context, attempt.projectId), count: 1, from: at, until: at };
      if (kind === 'too many of the subject') {
        count(ofNoProject, withoutProject(counted));
        return 'refuse';
      }
      if (kind === undefined) {
        const common = sharedKind(attempt);
        if (common === undefined) count(ofNoProject, withoutProject(counted));
        else count(common, { ...counted, attempt: { ...attempt, action: SEVERAL_ACTIONS } });
        return 'counted';
      }
      kind.recorded += 1;
      if (kind.recorded <= RECORDED_ONE_BY_ONE) return 'record';
      count(kind, counted);
      return 'counted';
    },

    counted: () =>
      [...kinds.values(), ...shared.values(), ofNoProject].flatMap(({ further }) => (further ? [further] : [])),
  };
}

/** When the minute of a time begins, in milliseconds since 1970. */
export function minuteStart(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** Milliseconds until the minute of a time ends. */
export function leftOfMinute(at: number): number {
  return minuteStart(at) + MINUTE_MS - at;
}

function newKind(): Kind {
  return { recorded: 0, further: undefined };
}

function count(kind: Kind, next: CountedAttempts): void {
  kind.further = kind.further === undefined ? next : together(kind.further, next);
}

function metadataOf(context: RequestContext, projectId: string): EventMetadata {
  return { ...lateMetadata(context, projectId), requestId: null, durationMs: null };
}

/** The actor stays, if there is only one. */
function withoutProject(counted: CountedAttempts): CountedAttempts {
  const { outcome, code } = counted.attempt;
  const { identity: _inProject, ...metadata } = counted.metadata;
  return {
    ...counted,
    attempt: { ...ASKED_FOR_NOTHING, projectId: '', action: SEVERAL_ACTIONS, outcome, code },
    metadata: { ...metadata, projectId: null },
  };
}

/** Both were made from JSON, in one way. */
function isSame<Value extends object>(one: Value | undefined, other: Value | undefined): one is Value {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function together(counted: CountedAttempts, next: CountedAttempts): CountedAttempts {
  const { identity, ...metadata } = counted.metadata;
  const { attempt } = counted;
  const { reasons, ...rest } = attempt;
  const isOneActor = metadata.actor === next.metadata.actor && metadata.issuer === next.metadata.issuer;
  const { actor, issuer } = isOneActor ? metadata : systemMetadata(null);
  return {
    attempt: { ...rest, ...inCommon(attempt, next.attempt), ...(isSame(reasons, next.attempt.reasons) && { reasons }) },
    metadata: {
      ...metadata,
      actor,
      issuer,
      tokenId: isOneActor ? common(metadata.tokenId, next.metadata.tokenId) : null,
      ipAddress: common(metadata.ipAddress, next.metadata.ipAddress),
      userAgent: common(metadata.userAgent, next.metadata.userAgent),
      ...(isSame(identity, next.metadata.identity) && { identity }),
    },
    count: counted.count + 1,
    from: counted.from,
    until: next.until,
  };
}
