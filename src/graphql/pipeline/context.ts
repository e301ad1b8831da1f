import type { Application } from '../../application/create-application.ts';
import type { AuditHeads } from '../../application/ports/audit-heads.ts';
import type { CalendarQueries } from '../../application/ports/calendar-queries.ts';
import type {
  AuditQueries,
  DailyUseQueries,
  Feeds,
  LeaseQueries,
  NoticeQueries,
  RegistryQueries,
  TrustRuleUseQueries,
} from '../../application/ports/read-models.ts';
import type { WebhookQueries } from '../../application/ports/webhook-queue.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Cursors } from '../paging/cursors.ts';
import type { Slot } from './caller-limits.ts';

/** The read models. Resolvers call them directly for reads that need nothing else. */
export interface Queries {
  readonly registries: Omit<RegistryQueries, 'tellingRepository' | 'refusalTold'>;
  readonly uses: DailyUseQueries;
  readonly calendar: Pick<CalendarQueries, 'feeds'>;
  readonly leases: Pick<LeaseQueries, 'list' | 'count' | 'lastToEnd'>;
  readonly audit: AuditQueries;
  readonly auditHeads: Pick<AuditHeads, 'list' | 'keys'>;
  readonly notices: NoticeQueries;
  readonly webhooks: WebhookQueries;
  readonly trustRuleUses: TrustRuleUseQueries;
  readonly feeds: Feeds;
}

/** What resolvers use, the same for all requests. */
export interface Services {
  readonly application: Application;
  readonly queries: Queries;
  /** The same on the hot standby, for queries alone. Undefined if there is none. */
  readonly standbyQueries?: Queries | undefined;
  readonly cursors: Cursors;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The context value of one GraphQL operation. */
export interface GraphqlContext {
  readonly services: Services;
  readonly request: RequestContext;
  /** Aborts when the client is gone, which ends subscriptions. */
  readonly signal: AbortSignal;
  /** `Last-Event-ID` of an event stream: subscriptions resume from it in place of their argument `after`. */
  readonly lastEventId?: string | undefined;
  /** The executor starts it; who sends the answer settles and ends it. */
  readonly slot: Slot;
}
