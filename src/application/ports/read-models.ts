import type { AuditEntry, AuditOutcome } from '../../domain/audit-entry.ts';
import type { HistogramSpan, OutcomeCount } from '../../domain/audit-histogram.ts';
import type { CredentialStatus } from '../../domain/credential.ts';
import type { UsedDay } from '../../domain/daily-use.ts';
import type { LeaseInUse } from '../../domain/errors.ts';
import type { Instant } from '../../domain/instant.ts';
import type { LeaseView } from '../../domain/lease.ts';
import type { RotationNoticeKind } from '../../domain/notices.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { RegistryView } from '../../domain/registry-view.ts';
import type { Position } from './event-log.ts';

export type { CredentialView, HealthView, RegistryPart, RegistryView } from '../../domain/registry-view.ts';

export interface PipelineUseView {
  readonly pipeline: string;
  readonly lastUsedAt: Instant | null;
  readonly leases: number;
  readonly linked: boolean;
  readonly note: string | null;
}

/** The most pipelines shown with a registry. */
export const MAX_PIPELINES = 20;

export interface UsageView {
  readonly lastUsedAt: Instant | null;
  readonly lastUsedBy: string | null;
  readonly activeLeases: number;
  /** Those of them that keep the retiring version. */
  readonly retiringLeases: number;
  readonly pipelines: readonly PipelineUseView[];
}

export interface RegistryFilter {
  readonly search?: string | undefined;
  readonly provider?: RegistryProvider | undefined;
  readonly status?: CredentialStatus | undefined;
  /** At least one, each once. */
  readonly statuses?: readonly CredentialStatus[] | undefined;
  readonly expiresBefore?: Instant | undefined;
  readonly rotationDueBefore?: Instant | undefined;
  readonly unusedSince?: Instant | undefined;
  /** Whether the current version of the credential was never tested. */
  readonly neverTested?: boolean | undefined;
}
export type RegistryOrderField = 'NAME' | 'URL' | 'CREATED_AT' | 'UPDATED_AT' | 'EXPIRES_AT' | 'LAST_USED_AT';
export interface RegistryOrder {
  readonly field: RegistryOrderField;
  readonly direction: 'ASC' | 'DESC';
}

/** The place of a row in one order: the sort key's text (infinite where there is no time) and the id. */
export interface RegistryCursor {
  readonly key: string;
  readonly id: string;
}

export interface Page<Node, Cursor> {
  /** Fewer than were asked for, perhaps none, if too many rows would have to be looked at to find more. */
  readonly items: readonly { readonly node: Node; readonly cursor: Cursor }[];
  readonly hasNextPage: boolean;
  /** Where the next page begins; undefined for an empty page after which nothing comes. */
  readonly end: Cursor | undefined;
}

/** Counting stops there at the latest, unless the number is known without counting. */
export const MAX_EXACT_COUNT = 10_000;

export interface Count {
  readonly count: number;
  /** False if there are at least as many. */
  readonly isExact: boolean;
}

/** Names of parts of the items: the values of others mean nothing. Undefined, or with a name that is no part's: all are read. */
export type Parts = readonly string[] | undefined;

export interface LatestChange {
  /** The sequence of the project's latest change that the page shows; 0 for an empty page, or if it was not asked for. */
  readonly latestChange: number;
}

export interface DueForCheck {
  /** Registries are due if they were not tested since then, */
  readonly testedBefore: Instant;
  /** or since an earlier time that differs by registry. It is earlier by at most this many milliseconds. */
  readonly spreadMs: number;
  /** The same for registries whose credential was refused. */
  readonly refusedBefore: Instant;
  readonly except: readonly string[];
  readonly limit: number;
  /** Where the last look ended; undefined to begin again with those that were never tested. */
  readonly after: CheckCursor | undefined;
}

/** The time of the last test of the current version, empty if there was none, and the id. */
export interface CheckCursor {
  readonly testedAt: string;
  readonly id: string;
}

export interface CheckDue {
  readonly projectId: string;
  readonly registryId: string;
  /** Whether the last test of this version was refused. */
  readonly refused: boolean;
  /** See `tellingRepository`. */
  readonly repository: string | null;
}

export interface CheckSchedule {
  /**
   * Live registries whose credential has not expired: those of an untested version first, then the longest untested. It
   * looks at a thousand at most. `next` is undefined after the last.
   */
  due(asked: DueForCheck): Promise<{ readonly due: readonly CheckDue[]; readonly next: CheckCursor | undefined }>;
}

/** All queries answer from the read models. `ProjectionProgress` tells how far these are. */
export interface RegistryQueries {
  list(
    projectId: string,
    query: {
      filter: RegistryFilter;
      order: RegistryOrder;
      first: number;
      after: RegistryCursor | undefined;
      withLatestChange: boolean;
      parts?: Parts;
    },
  ): Promise<Page<RegistryView, RegistryCursor> & LatestChange>;
  count(projectId: string, filter: RegistryFilter): Promise<Count>;
  byId(projectId: string, id: string): Promise<RegistryView | undefined>;
  /**
   * A repository that shows what the current version may do: where it last proved that, else that of the last lease that named
   * one. Who only may use the registry so cannot choose another.
   */
  tellingRepository(projectId: string, id: string): Promise<string | null>;
  /** The version whose refusal people were told of, until it works again. */
  refusalTold(projectId: string, id: string): Promise<number | null>;
  /** One result for each id, in the order of the ids. */
  usage(registryIds: readonly string[]): Promise<UsageView[]>;
  /** The pipelines that used it in the last 30 days, the latest first, at most `MAX_PIPELINES`. */
  recentPipelines(registryId: string): Promise<PipelineUseView[]>;
  /** All pipelines that are linked by hand, by name. */
  linkedPipelines(projectId: string, registryId: string): Promise<PipelineUseView[]>;
}

export interface LeaseFilter {
  readonly registryId?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly runId?: string | undefined;
  readonly activeOnly: boolean;
}

/** The place of a lease in the list. */
export interface LeaseCursor {
  readonly issuedAt: Instant;
  readonly id: string;
}

/** Leases of earlier versions than the first one ended when the registry was deleted. */
export interface ActiveLeasesOf {
  readonly firstVersion: number;
  readonly except: readonly string[];
}

export interface LeaseQueries {
  /** The id of the last lease of the last day that this caller was issued with these. `runId` null: without a run. */
  lastOf(
    projectId: string,
    of: {
      readonly registryId: string;
      readonly pipeline: string;
      readonly runId: string | null;
      readonly issuedTo: Pick<Principal, 'issuer' | 'subject'>;
    },
  ): Promise<string | undefined>;
  /** Newest first. */
  list(
    projectId: string,
    query: { filter: LeaseFilter; first: number; after: LeaseCursor | undefined },
  ): Promise<Page<LeaseView, LeaseCursor>>;
  count(projectId: string, filter: LeaseFilter): Promise<Count>;
  /** The active leases of a registry that end last, the last one first. */
  lastToEnd(projectId: string, registryId: string, limit: number): Promise<LeaseView[]>;
  /** Of one version, or of all. Leases of earlier ones than the first ended when the registry was deleted. */
  countActive(
    registryId: string,
    of: { readonly firstVersion: number; readonly version?: number | undefined; readonly except: readonly string[] },
  ): Promise<number>;
  /** How many are active, by version. */
  countByVersion(registryId: string, of: ActiveLeasesOf): Promise<ReadonlyMap<number, number>>;
  /** Those that end last first, after the given one. */
  listActive(
    registryId: string,
    of: ActiveLeasesOf & { readonly after?: LeaseInUse | undefined; readonly limit: number },
  ): Promise<LeaseInUse[]>;
}

/** A secret that no lease seems to keep any more, or whose grace is over. The log decides. */
export interface RetirableSecret {
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
}

/** At most a hundred at a time. */
export type FindRetirable = (at: Instant) => Promise<readonly RetirableSecret[]>;

/** A registry with something that waits to be staged or revoked. The log says what. */
export interface WaitingSuccessors {
  readonly projectId: string;
  readonly registryId: string;
  /** The time of the database. */
  readonly at: Instant;
}

/** At most a hundred at a time. */
export type FindWaitingSuccessors = () => Promise<readonly WaitingSuccessors[]>;

/** A registry whose current version pipelines reported, and which was not checked since. */
export interface WaitingReport {
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
  /** See `tellingRepository`. */
  readonly repository: string | null;
}

/** Those of the last hour, at most a hundred at a time. */
export type FindWaitingReports = () => Promise<readonly WaitingReport[]>;

export interface DailyUseQueries {
  /** The days from this one on (`YYYY-MM-DD`, UTC) on which there was something to count, oldest first. */
  since(projectId: string, day: string): Promise<UsedDay[]>;
}

export interface TrustRuleUseQueries {
  /** When the rules of a project that were ever used last let a pipeline have a credential, by their ids. */
  lastUses(projectId: string): Promise<ReadonlyMap<string, Instant>>;
}

export interface AuditEntryView extends AuditEntry {
  /** The place in the project's hash chain, from 1, without gaps. */
  readonly sequence: number;
  readonly hash: string;
}
export interface AuditFilter {
  readonly search?: string | undefined;
  readonly registryId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** One of these. */
  readonly actions?: readonly string[] | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly code?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly runId?: string | undefined;
  readonly leaseId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}
/** The place of an entry in the list. */
export type AuditCursor = Pick<AuditEntryView, 'sequence' | 'occurredAt'>;

export interface AuditQueries {
  /** Newest first: by sequence, with `from` or `to` by time. */
  list(
    projectId: string,
    query: { filter: AuditFilter; first: number; after: AuditCursor | undefined; parts?: Parts },
  ): Promise<Page<AuditEntryView, AuditCursor>>;
  count(projectId: string, filter: AuditFilter): Promise<Count>;
  /**
   * The attempts within the span that match the filter, by bucket and outcome; the filter's own times are not read.
   * Undefined if the project has more than `MAX_COUNTED_ENTRIES` entries within the span.
   */
  histogram(projectId: string, filter: AuditFilter, span: HistogramSpan): Promise<OutcomeCount[] | undefined>;
}
/** Reading that many takes the database about a tenth of a second. */
export const MAX_COUNTED_ENTRIES = 200_000;

export interface NoticeView {
  /** The place in the order of all notices of the service; strictly increasing. */
  readonly sequence: number;
  readonly kind: RotationNoticeKind;
  readonly projectId: string;
  readonly registryId: string;
  readonly url: string;
  readonly credentialVersion: number;
  readonly occurredAt: Instant;
  readonly expiresAt: Instant | null;
  readonly actor: string;
  readonly leasesOnOlderVersions: number;
  readonly message: string;
}
export type RegistryChangeKind = 'CREATED' | 'UPDATED' | 'DELETED';
export interface ChangeView {
  readonly sequence: number;
  readonly kind: RegistryChangeKind;
  readonly projectId: string;
  readonly registryId: string;
  /** The registry after the change; null after a deletion. */
  readonly registry: RegistryView | null;
}

export interface NoticeQueries {
  /** Newest first. */
  list(
    projectId: string,
    query: { registryId: string | undefined; first: number; before: number | undefined },
  ): Promise<{ notices: NoticeView[]; hasNextPage: boolean }>;
}

/** The source of subscriptions: a sequence that can be replayed from any point and then continues live. */
export interface Feed<Item extends { readonly sequence: number; readonly projectId: string }> {
  /** The sequence of the project's last item; 0 if there is none. Of the last item of all projects, if none is named. */
  lastSequence(projectId?: string): Promise<number>;
  /** The project's items up to this sequence are no longer kept: nothing can be resumed before it. 0: all are kept. */
  removedUpTo(projectId: string): Promise<number>;
  /**
   * The project's items after `after` (undefined: only new ones), in order, until consumer or `signal` stop it.
   * @throws PurserError CURSOR_NOT_RESUMABLE if items after `after` are no longer kept
   */
  follow(projectId: string, after: number | undefined, signal: AbortSignal): AsyncGenerator<Item, void, undefined>;
}

export interface Feeds {
  readonly notices: Feed<NoticeView>;
  readonly changes: Feed<ChangeView>;
}

/** How far the read models are, on whichever replica the projector runs. */
export interface ProjectionProgress {
  /** As far as this process knows: they may be further. */
  readonly position: Position;
  /** For how long they have not moved although there is something to do, as far as this process knows. */
  readonly stalledMs: number;
  /** Looks how far they are. */
  refresh(): Promise<Position>;
  /**
   * Resolves with true when they have passed the position, with false if that takes longer; it never begins to wait for
   * less than a millisecond. @throws PurserError UNAVAILABLE if the process stops
   */
  waitFor(position: Position, withinMs: number): Promise<boolean>;
}
