import type { DeliveryView, WebhookQueries, WebhookReplays } from '../../../application/ports/webhook-queue.ts';
import type { RotationNoticeKind } from '../../../domain/notices.ts';
import { type DeliveryFault, type DeliveryState, isForProject, type Webhook } from '../../../domain/webhook.ts';
import { Conditions, named, type Queryable } from '../statement.ts';

const COLUMNS = `d.id, d.sequence::float8 as sequence, d.webhook, d.state, d.event_id, n.kind, n.registry_id,
  n.notice->>'url' as url, n.occurred_at, d.created_at, d.attempts, d.last_attempt_at, d.last_fault, d.last_status_class,
  d.due_at, d.finished_at`;

const FIND = `select ${COLUMNS} from webhooks.deliveries d join webhooks.notices n using (event_id)
  where d.id = $1 and d.project_id = $2`;

/** A receiver that takes a replayed delivery takes the others too, so its webhook is enabled. */
const REPLAY = `with replayed as (
    update webhooks.deliveries set state = 'PENDING', waiting_since = $3, due_at = $3, attempts = 0, finished_at = null
     where id = $1 and project_id = $2 returning *
  ), enabled as (
    delete from webhooks.receivers where webhook in (select webhook from replayed)
  ) select ${COLUMNS} from replayed d join webhooks.notices n using (event_id)`;

interface DeliveryRow {
  readonly id: string;
  readonly sequence: number;
  readonly webhook: string;
  readonly state: DeliveryState;
  readonly event_id: string;
  readonly kind: RotationNoticeKind;
  readonly registry_id: string;
  readonly url: string;
  readonly occurred_at: string;
  readonly created_at: string;
  readonly attempts: number;
  readonly last_attempt_at: string | null;
  readonly last_fault: DeliveryFault | null;
  readonly last_status_class: number | null;
  readonly due_at: string;
  readonly finished_at: string | null;
}

export function createWebhookQueries(
  database: Queryable,
  configured: readonly Webhook[],
): WebhookQueries & WebhookReplays {
  async function one(name: string, text: string, values: unknown[]): Promise<DeliveryView | undefined> {
    const { rows } = await database.query<DeliveryRow>({ name, text, values });
    return rows[0] && view(rows[0]);
  }

  return {
    async webhooks(projectId) {
      const hearing = configured.filter((webhook) => isForProject(webhook, projectId));
      if (hearing.length === 0) return [];
      const { rows } = await database.query<{
        webhook: string;
        fingerprint: string;
        disabled_at: string | null;
        paused_until: string | null;
      }>({
        name: 'webhook-receivers',
        text: 'select webhook, fingerprint, disabled_at, paused_until from webhooks.receivers where webhook = any($1)',
        values: [hearing.map(({ name }) => name)],
      });
      return hearing.map(({ name, host, kinds, fingerprint }) => {
        const asked = rows.find((row) => row.webhook === name && row.fingerprint === fingerprint);
        return { name, host, kinds, disabledAt: asked?.disabled_at ?? null, pausedUntil: asked?.paused_until ?? null };
      });
    },

    async deliveries(projectId, { filter: { state, webhook }, first, before }) {
      const where = new Conditions();
      where.add(`d.project_id = ${where.value(projectId)}`);
      if (state !== undefined) where.add(`d.state = ${where.value(state)}`);
      if (webhook !== undefined) where.add(`d.webhook = ${where.value(webhook)}`);
      if (before !== undefined) where.add(`d.sequence < ${where.value(before)}`);
      const text = `select ${COLUMNS} from webhooks.deliveries d join webhooks.notices n using (event_id)
        where ${where.text} order by d.sequence desc limit ${where.value(first + 1)}`;
      const { rows } = await database.query<DeliveryRow>(named('webhook-deliveries', text, where.values));
      return { deliveries: rows.slice(0, first).map(view), hasNextPage: rows.length > first };
    },

    find: (projectId, id) => one('webhook-delivery', FIND, [id, projectId]),
    replay: (projectId, id, at) => one('webhook-replay', REPLAY, [id, projectId, at]),
  };
}

function view(row: DeliveryRow): DeliveryView {
  return {
    id: row.id,
    sequence: row.sequence,
    webhook: row.webhook,
    state: row.state,
    eventId: row.event_id,
    kind: row.kind,
    registryId: row.registry_id,
    url: row.url,
    occurredAt: row.occurred_at,
    createdAt: row.created_at,
    attempts: row.attempts,
    lastAttemptAt: row.last_attempt_at,
    lastFault: row.last_fault,
    lastStatusClass: row.last_status_class,
    nextAttemptAt: row.state === 'PENDING' ? row.due_at : null,
    endedAt: row.finished_at,
  };
}
