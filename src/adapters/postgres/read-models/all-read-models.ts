import { type Audit, createAudit } from './audit.ts';
import { createCalendarFeeds } from './calendar-feeds.ts';
import { createChanges } from './changes.ts';
import { createDailyUses } from './daily-uses.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';
import { createLeases } from './leases.ts';
import { createNoticeOutbox } from './notice-outbox.ts';
import { createNotices } from './notices.ts';
import { createParkedEvents, type ParkedEvents } from './parked-events.ts';
import { createPipelineLinks } from './pipeline-links.ts';
import { createPipelineUses } from './pipeline-uses.ts';
import type { ReadModel } from './read-model.ts';
import { createRegistries, type Registries } from './registries.ts';
import { createSecrets } from './secrets.ts';
import { createTrustRuleUses } from './trust-rule-uses.ts';

export interface ReadModels {
  readonly registries: Registries;
  readonly parked: ParkedEvents;
  readonly audit: Audit;
  /** In the order in which they handle an event, and in which their rows are written. */
  readonly all: readonly ReadModel[];
}

export interface ReadModelsOptions {
  /** The tables are empty and all events follow. */
  readonly fromTheStart?: boolean | undefined;
  /** Only the tables of the schema are written: neither the vault nor the queue of webhooks, nor what is kept of parked events. */
  readonly alone?: boolean | undefined;
  /** No notice is queued for webhooks. */
  readonly quiet?: boolean | undefined;
}

/** All read models in one schema, with nothing remembered yet. */
export function createReadModels(
  schema: string,
  authenticator: Pick<ReadModelAuthenticator, 'signText'>,
  { fromTheStart = false, alone = false, quiet = alone }: ReadModelsOptions = {},
): ReadModels {
  const registries = createRegistries(schema);
  const leases = createLeases(schema, { fromTheStart });
  const parked = createParkedEvents(schema);
  const audit = createAudit(schema, { alone });
  return {
    registries,
    parked,
    audit,
    all: [
      createNotices(schema, { leases, registries, outbox: quiet ? null : createNoticeOutbox(authenticator) }),
      registries,
      createPipelineUses(schema),
      createPipelineLinks(schema),
      leases,
      createDailyUses(schema),
      createCalendarFeeds(schema),
      createTrustRuleUses(schema),
      createChanges(schema, registries),
      audit,
      parked,
      // Last: it asks the other models for earlier versions, and the vault for the secrets of the rows above.
      ...(alone ? [] : [createSecrets(schema, registries, parked)]),
    ],
  };
}
