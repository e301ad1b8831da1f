import type { ClaimedDelivery, WebhookQueue } from '../../../application/ports/webhook-queue.ts';
import type { RotationNoticeKind } from '../../../domain/notices.ts';
import type { Webhook } from '../../../domain/webhook.ts';
import type { QueuedNotice } from '../../../domain/webhook-event.ts';
import type { Queryable } from '../statement.ts';

/** Notices that one statement distributes, and rows that one statement removes. */
const BATCH = 500;

/** A notice that no webhook hears of is removed. */
const DISTRIBUTE = `with taken as (
    select event_id, sequence, project_id, kind from webhooks.notices
     where not distributed order by notices.sequence limit ${BATCH} for update skip locked
  ), heard as (
    select t.event_id, t.sequence, t.project_id, w.name
      from taken t join json_to_recordset($1) as w(name text, projects text[], kinds text[])
        on (w.projects is null or t.project_id = any(w.projects)) and (w.kinds is null or t.kind = any(w.kinds))
  ), added as (
    insert into webhooks.deliveries (event_id, webhook, project_id, state, created_at, waiting_since, due_at)
    select event_id, name, project_id, 'PENDING', $2, $2, $2 from heard order by sequence
    on conflict (event_id, webhook) do nothing
  ), marked as (
    update webhooks.notices set distributed = true where event_id in (select event_id from heard)
  ), unheard as (
    delete from webhooks.notices where event_id in (select event_id from taken except select event_id from heard)
  ) select count(*)::int as taken from taken`;

/**
 * The inner select goes along one webhook's part of the index, so that no other webhook's backlog is read. Project and kind
 * are compared once more: the operator may have taken one away since the delivery was made, and a writer to the database
 * could have given it to another webhook. They are read from the notice, because its code covers them.
 */
const CLAIM = `with due as (
    select d.id from json_to_recordset($1) as w(name text, fingerprint text, projects text[], kinds text[], free int)
      cross join lateral (
        select q.id from webhooks.deliveries q join webhooks.notices m on m.event_id = q.event_id
         where q.webhook = w.name and q.state = 'PENDING' and q.due_at <= $2
           and (w.projects is null or m.project_id = any(w.projects)) and (w.kinds is null or m.kind = any(w.kinds))
         order by q.due_at, q.sequence limit w.free for update of q skip locked
      ) d
     where not exists (
       select from webhooks.receivers r
        where r.webhook = w.name and r.fingerprint = w.fingerprint
          and (r.disabled_at is not null or r.paused_until > $2))
  ) update webhooks.deliveries d
       set due_at = $3, attempts = d.attempts + 1, claim = d.claim + 1, last_attempt_at = $2
      from due, webhooks.notices n
     where d.id = due.id and n.event_id = d.event_id
    returning d.id, d.webhook, d.claim, d.attempts, d.event_id, n.sequence::float8 as sequence, n.kind, n.project_id,
      n.registry_id, n.occurred_at, n.notice, n.code`;

/** A delivery that was given up during its last attempt is delivered if the attempt was good. */
const RECORD = `update webhooks.deliveries
    set state = $3, last_fault = $4, last_status_class = $5, due_at = coalesce($6, due_at),
        finished_at = case when $3 = 'PENDING' then null else $7::timestamptz end
  where id = $1 and claim = $2 and (state = 'PENDING' or $3 = 'DELIVERED')`;

const GIVE_BACK = `update webhooks.deliveries set due_at = $3, attempts = greatest(attempts - 1, 0)
  where id = $1 and claim = $2 and state = 'PENDING'`;

/** Answers under way at once may come in any order: the longest pause that was asked for holds. */
const RECEIVER = `insert into webhooks.receivers as r (webhook, fingerprint, disabled_at, paused_until) values ($1, $2, $3, $4)
  on conflict (webhook) do update set
    fingerprint = excluded.fingerprint,
    disabled_at = coalesce(excluded.disabled_at, case when r.fingerprint = excluded.fingerprint then r.disabled_at end),
    paused_until = greatest(excluded.paused_until, case when r.fingerprint = excluded.fingerprint then r.paused_until end)`;

/** Mostly of a webhook that is disabled, or no longer configured for the notice: others end by their attempts. */
const GIVE_UP = `update webhooks.deliveries set state = 'DEAD_LETTER', finished_at = $1
  where id in (select id from webhooks.deliveries where state = 'PENDING' and waiting_since < $2
                order by deliveries.waiting_since limit ${BATCH})`;

const REMOVE = `with removed as (
    delete from webhooks.deliveries
     where id in (select id from webhooks.deliveries where state <> 'PENDING' and finished_at < $1
                   order by deliveries.finished_at limit ${BATCH})
    returning id, event_id
  ) delete from webhooks.notices n
     where n.event_id in (select event_id from removed)
       and not exists (select from webhooks.deliveries d
                        where d.event_id = n.event_id and d.id not in (select id from removed))`;

const DEPTH = `select count(*)::int as pending, min(waiting_since) as oldest from webhooks.deliveries
  where state = 'PENDING' and webhook = any($1)`;

interface ClaimedRow {
  readonly id: string;
  readonly webhook: string;
  readonly claim: number;
  readonly attempts: number;
  readonly event_id: string;
  readonly sequence: number;
  readonly kind: RotationNoticeKind;
  readonly project_id: string;
  readonly registry_id: string;
  readonly occurred_at: string;
  readonly notice: Omit<QueuedNotice, 'eventId' | 'kind' | 'projectId' | 'registryId' | 'occurredAt'>;
  readonly code: string;
}

/** The tables of the schema `webhooks`. Where a webhook leads and what it hears of comes from the configuration. */
export function createWebhookQueue(database: Queryable): WebhookQueue {
  const run = (name: string, text: string, ...values: unknown[]) => database.query({ name, text, values });

  return {
    async distribute(webhooks, at) {
      const filters = webhooks.map(({ name, projects, kinds }) => ({ name, projects, kinds }));
      const { rows } = await database.query<{ taken: number }>({
        name: 'webhook-distribute',
        text: DISTRIBUTE,
        values: [JSON.stringify(filters), at],
      });
      return rows[0]?.taken ?? 0;
    },

    async claim(slots, at, lostAt) {
      const open = slots.map(({ webhook, free }) => {
        const { name, fingerprint, projects, kinds } = webhook;
        return { name, fingerprint, projects, kinds, free };
      });
      const values = [JSON.stringify(open), at, lostAt];
      const { rows } = await database.query<ClaimedRow>({ name: 'webhook-claim', text: CLAIM, values });
      return rows.map(claimed).sort((one, other) => one.sequence - other.sequence);
    },

    async record({ id, claim }, { state, fault, statusClass, dueAt }, at) {
      await run('webhook-record', RECORD, id, claim, state, fault, statusClass, dueAt, at);
    },

    async giveBack({ id, claim }, at) {
      await run('webhook-give-back', GIVE_BACK, id, claim, at);
    },

    async disable({ name, fingerprint }: Webhook, at) {
      await run('webhook-receiver', RECEIVER, name, fingerprint, at, null);
    },

    async pause({ name, fingerprint }: Webhook, until) {
      await run('webhook-receiver', RECEIVER, name, fingerprint, null, until);
    },

    async tidy({ at, givenUpBefore, endedBefore }) {
      await run('webhook-give-up', GIVE_UP, at, givenUpBefore);
      await run('webhook-remove', REMOVE, endedBefore);
    },

    async depth(webhooks) {
      const values = [webhooks.map(({ name }) => name)];
      const { rows } = await database.query<{ pending: number; oldest: string | null }>({
        name: 'webhook-depth',
        text: DEPTH,
        values,
      });
      return rows[0] ?? { pending: 0, oldest: null };
    },
  };
}

function claimed(row: ClaimedRow): ClaimedDelivery {
  const { id, webhook, claim, attempts, event_id, sequence, kind, project_id, registry_id, occurred_at, notice } = row;
  return {
    id,
    webhook,
    claim,
    attempt: attempts,
    sequence,
    code: row.code,
    notice: {
      eventId: event_id,
      kind,
      projectId: project_id,
      registryId: registry_id,
      occurredAt: occurred_at,
      ...notice,
    },
  };
}
