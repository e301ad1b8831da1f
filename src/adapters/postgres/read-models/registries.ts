import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { type DomainEvent, isRegistryEvent } from '../../../domain/events.ts';
import { evolveRegistry, initialRegistryState, type RegistryState } from '../../../domain/registry.ts';
import { type HealthView, healthAfterTest } from '../../../domain/registry-view.ts';
import type { LastUse } from './pipeline-uses.ts';
import { type AppliedEvent, forRows, ignores, type ReadModel, registryIdsOf } from './read-model.ts';
import { REGISTRY_COLUMNS, type RegistryRow, registryRow, registryState } from './registry-row.ts';

interface HealthRow {
  readonly id: string;
  readonly health: HealthView | null;
}

export interface Registries extends ReadModel {
  /** The event's registry before and after it. @throws if the event cannot follow the earlier ones */
  evolve(event: DomainEvent, recorded: RecordedEvent): Pick<AppliedEvent, 'before' | 'after'>;
  /** The registry's highest credential version so far. */
  lastVersion(registryId: string): number;
  /** The result of the last test. */
  health(registryId: string): HealthView | null;
}

/** The current state of every registry, with the result of its last test. `lastUse` gives a rebuild its last use. */
export function createRegistries(schema: string, lastUse: (registryId: string) => LastUse): Registries {
  const table = `${schema}.registries`;
  const upsert = forRows(
    table,
    `insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)
     on conflict (id) do update set ${REGISTRY_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
  const updateHealth = forRows(
    `${table}-health`,
    `update ${table} r set health = h.health from json_to_recordset($1::json) as h(id uuid, health jsonb) where r.id = h.id`,
  );
  const states = new Map<string, RegistryState>();
  const healths = new Map<string, HealthView>();
  const rows = new Map<string, RegistryRow>();
  const healthRows = new Map<string, HealthRow>();

  function changed({ event, recorded, after }: AppliedEvent & { readonly event: { data: { registryId: string } } }) {
    const { registryId } = event.data;
    const { projectId } = recorded.metadata;
    states.set(registryId, after);
    rows.set(registryId, registryRow(registryId, projectId ?? '', recorded.revision, after));
  }

  function tested({ event, recorded, after }: AppliedEvent<'RegistryTested'>) {
    if (after.phase !== 'live') return;
    const { registryId } = event.data;
    const before = healths.get(registryId) ?? null;
    const health = healthAfterTest(before, event, recorded.occurredAt);
    if (health === before) return;
    healths.set(registryId, health);
    healthRows.set(registryId, { id: registryId, health });
  }

  function stateOf({ data }: DomainEvent): RegistryState {
    const id = 'registryId' in data ? data.registryId : null;
    return (id === null ? undefined : states.get(id)) ?? initialRegistryState;
  }

  return {
    handles: {
      RegistryCreated: changed,
      RegistryUpdated: changed,
      CredentialRotated: changed,
      RegistryDeleted: (applied) => {
        changed(applied);
        const { registryId } = applied.event.data;
        healths.delete(registryId);
        healthRows.set(registryId, { id: registryId, health: null });
      },
      PendingSecretDiscarded: changed,
      CredentialExpiryLearnt: changed,
      RegistryTested: tested,
      ...ignores(
        'CredentialsTested',
        'CredentialIssued',
        'CredentialIssuedAgain',
        'LeaseReleased',
        'AccessDenied',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
      ),
    },

    evolve(event, { occurredAt, metadata: { actor, projectId } }) {
      const before = stateOf(event);
      if (!isRegistryEvent(event)) return { before, after: before };
      if (projectId === null) throw new Error(`${event.type} without a project`);
      return { before, after: evolveRegistry(before, event, { at: occurredAt, actor }) };
    },

    lastVersion: (registryId) => states.get(registryId)?.lastVersion ?? 0,

    health: (registryId) => healths.get(registryId) ?? null,

    get remembered() {
      return states.size;
    },

    async recall(database, events) {
      const ids = [...registryIdsOf(events)].filter((id) => !states.has(id));
      if (ids.length === 0) return;
      const found = await database.query<RegistryRow & HealthRow>({
        name: `${table}-recall`,
        text: `select * from ${table} where id = any($1)`,
        values: [ids],
      });
      for (const row of found.rows) {
        states.set(row.id, registryState(row));
        if (row.health) healths.set(row.id, row.health);
      }
    },

    changes() {
      const statements = [...upsert([...rows.values()]), ...updateHealth([...healthRows.values()])];
      rows.clear();
      healthRows.clear();
      return statements;
    },

    totals: () => [
      {
        table: 'registries',
        rows: [...rows.values()].map((row) => ({
          ...row,
          health: healths.get(row.id) ?? null,
          ...lastUse(row.id),
        })),
      },
    ],
  };
}
