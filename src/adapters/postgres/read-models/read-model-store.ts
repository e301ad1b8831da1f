import type { Client } from 'pg';
import type { Position, RecordedEvent } from '../../../application/ports/event-log.ts';
import { isUuid } from '../../../domain/identity.ts';
import type { BatchChanges } from './batch-changes.ts';
import type { ProjectionMemory } from './projection-memory.ts';
import { type AuditHead, type HealthRow, type LeaseRow, type RegistryRow, registryState } from './rows.ts';
import { isSecretMissing } from './secret-presence.ts';

/** Another projector moved the checkpoint: this one's memory is out of date. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
}
const CHECKPOINT_MOVED = 'PU001';

export interface Checkpoint {
  /** Differs from one build of the read models to the next: what was remembered of an earlier one is wrong. */
  readonly generation: string;
  readonly position: Position;
  readonly noticeSequence: number;
  readonly changeSequence: number;
}

/** Reads and writes the read models' tables in one schema, on one connection. */
export interface ReadModelStore {
  checkpoint(): Promise<Checkpoint>;
  parkedStreams(): Promise<ProjectionMemory['parkedStreams']>;
  /** Adds to `memory` what the events need and it does not hold yet. */
  recall(memory: ProjectionMemory, events: readonly RecordedEvent[]): Promise<void>;
  /** Everything or nothing, with the checkpoint. @throws CheckpointMoved */
  write(changes: BatchChanges, from: Checkpoint, to: Checkpoint): Promise<void>;
}

interface CheckpointRow {
  readonly generation: string;
  readonly position: string;
  readonly notice_sequence: string;
  readonly change_sequence: string;
}

const REGISTRY_EVENTS = new Set([
  'RegistryCreated',
  'RegistryUpdated',
  'CredentialRotated',
  'RegistryDeleted',
  'PendingSecretDiscarded',
  'CredentialExpiryLearnt',
  'RegistryTested',
]);
const LEASE_COUNTING_EVENTS = new Set(['CredentialRotated', 'RegistryDeleted', 'RegistryTested']);

/** `client` should send without waiting for answers (pg's `pipeline`), so that a batch costs one round trip. */
export function createReadModelStore(client: Client, schema: string): ReadModelStore {
  const sql = statements(schema);

  return {
    async checkpoint() {
      const { rows } = await client.query<CheckpointRow>(
        `select generation, position::text, notice_sequence::text, change_sequence::text from ${schema}.checkpoint`,
      );
      const [row] = rows;
      if (!row) throw new Error(`${schema}.checkpoint has no row`);
      return {
        generation: row.generation,
        position: BigInt(row.position) as Position,
        noticeSequence: Number(row.notice_sequence),
        changeSequence: Number(row.change_sequence),
      };
    },

    async parkedStreams() {
      const { rows } = await client.query<{ stream: string; version: number }>(
        `select stream, coalesce(max(credential_version), 0) as version from ${schema}.parked_events group by stream`,
      );
      return new Map(rows.map(({ stream, version }) => [stream, version]));
    },

    async recall(memory, events) {
      const registries = new Set<string>();
      const leasesOf = new Set<string>();
      const projects = new Set<string>();
      for (const { type, data, metadata } of events) {
        const id = registryIdOf(data);
        if (id !== undefined && REGISTRY_EVENTS.has(type) && !memory.registries.has(id)) registries.add(id);
        if (id !== undefined && LEASE_COUNTING_EVENTS.has(type) && !memory.activeLeases.has(id)) leasesOf.add(id);
        if (metadata.projectId !== null && !memory.auditHeads.has(metadata.projectId)) projects.add(metadata.projectId);
      }
      await Promise.all([
        registries.size > 0 ? recallRegistries(memory, [...registries]) : undefined,
        leasesOf.size > 0 ? recallLeases(memory, [...leasesOf], events[0]?.occurredAt) : undefined,
        projects.size > 0 ? recallAuditHeads(memory, [...projects]) : undefined,
      ]);
    },

    async write(changes, from, to) {
      const sent = [
        client.query({ name: 'begin', text: 'begin' }),
        client.query({
          name: `${schema}-checkpoint`,
          text: sql.advance,
          values: [
            `${schema}.checkpoint`,
            from.generation,
            String(from.position),
            String(to.position),
            to.noticeSequence,
            to.changeSequence,
            destroysSecrets(changes) ? 'on' : 'off',
          ],
        }),
        ...sql.of(changes).map(({ name, text, values }) => client.query({ name: `${schema}-${name}`, text, values })),
        client.query({ name: 'commit', text: 'commit' }),
      ];
      const settled = await Promise.allSettled(sent);
      const failed = settled.find((result) => result.status === 'rejected');
      if (!failed) return;
      if (isCheckpointMoved(failed.reason))
        throw new CheckpointMoved(`not at position ${from.position}`, { cause: failed.reason });
      throw failed.reason;
    },
  };

  async function recallRegistries(memory: ProjectionMemory, ids: string[]): Promise<void> {
    const { rows } = await client.query<RegistryRow & Partial<HealthRow>>(
      `select * from ${schema}.registries where id = any($1)`,
      [ids],
    );
    for (const row of rows) {
      memory.registries.set(row.id, registryState(row));
      if (row.health) memory.health.set(row.id, row.health);
    }
  }

  async function recallLeases(
    memory: ProjectionMemory,
    registryIds: string[],
    activeAt: string | undefined,
  ): Promise<void> {
    const { rows } = await client.query<LeaseRow>(
      `select id, registry_id, credential_version, expires_at from ${schema}.leases
       where registry_id = any($1) and released_at is null and expires_at > $2`,
      [registryIds, activeAt],
    );
    for (const id of registryIds) memory.activeLeases.set(id, new Map());
    for (const row of rows) {
      const active = { credentialVersion: row.credential_version, expiresAt: row.expires_at };
      memory.activeLeases.get(row.registry_id)?.set(row.id, active);
    }
  }

  async function recallAuditHeads(memory: ProjectionMemory, projectIds: string[]): Promise<void> {
    const { rows } = await client.query<{ project_id: string; sequence: string; hash: string }>(
      `select project_id, sequence::text, hash from ${schema}.audit_heads where project_id = any($1)`,
      [projectIds],
    );
    for (const { project_id, sequence, hash } of rows) {
      memory.auditHeads.set(project_id, { sequence: Number(sequence), hash } satisfies AuditHead);
    }
  }
}

/** What is no id is not asked for: the rows of such an event are refused, not the question. */
function registryIdOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('registryId' in data)) return undefined;
  return typeof data.registryId === 'string' && isUuid(data.registryId) ? data.registryId : undefined;
}

/** What was destroyed must stay destroyed when the machine stops: such a batch is flushed, others can be repeated. */
function destroysSecrets({ destroyedVersions, discardedSecrets }: BatchChanges): boolean {
  return destroyedVersions.size > 0 || discardedSecrets.length > 0;
}

function isCheckpointMoved(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === CHECKPOINT_MOVED;
}

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** One statement a table; the rows travel as one JSON array, whose keys are the table's columns. */
function statements(schema: string) {
  const insert = (table: string, conflict = '') =>
    `insert into ${schema}.${table} select * from json_populate_recordset(null::${schema}.${table}, $1::json) ${conflict}`;
  const text = {
    registries: insert(
      'registries',
      `on conflict (id) do update set ${REGISTRY_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    ),
    leases: insert('leases', 'on conflict (id) do nothing'),
    releases: `update ${schema}.leases l set released_at = r.released_at
      from json_to_recordset($1::json) as r(id uuid, released_at timestamptz) where l.id = r.id`,
    forgottenUses: `delete from ${schema}.pipeline_uses where registry_id = any($1)`,
    forgottenLastUse: `update ${schema}.registries set last_used_at = null, last_used_by = null, health = null where id = any($1)`,
    uses: `insert into ${schema}.pipeline_uses as used (registry_id, pipeline, last_used_at, leases)
      select registry_id, pipeline, last_used_at, leases from json_populate_recordset(null::${schema}.pipeline_uses, $1::json)
      on conflict (registry_id, pipeline) do update
      set last_used_at = excluded.last_used_at, leases = used.leases + excluded.leases`,
    lastUses: `update ${schema}.registries r set last_used_at = u.last_used_at, last_used_by = u.last_used_by
      from json_to_recordset($1::json) as u(id uuid, last_used_at timestamptz, last_used_by text) where r.id = u.id`,
    notices: insert('notices'),
    changes: insert('changes'),
    audit: insert('audit_entries'),
    heads: insert(
      'audit_heads',
      'on conflict (project_id) do update set sequence = excluded.sequence, hash = excluded.hash',
    ),
    parked: `insert into ${schema}.parked_events (position, stream, event_id, reason, credential_version)
      select position, stream, event_id, reason, credential_version from json_populate_recordset(null::${schema}.parked_events, $1::json)
      on conflict do nothing`,
    health: `update ${schema}.registries r set health = h.health
      from json_to_recordset($1::json) as h(id uuid, health jsonb) where r.id = h.id`,
    settle: 'select vault.settle($1::uuid[])',
    destroy: 'select vault.destroy_registries($1::uuid[], $2::int[])',
    discard: 'select vault.destroy_secrets($1::uuid[])',
    missing: `update ${schema}.registries r set secret_missing = true
      where r.id = any($1::uuid[]) and ${isSecretMissing(schema)}`,
  };

  function* of(batch: BatchChanges): Generator<Statement> {
    const json = (name: keyof typeof text, rows: readonly unknown[]): Statement[] =>
      rows.length > 0 ? [{ name, text: text[name], values: [JSON.stringify(rows)] }] : [];
    yield* json(
      'registries',
      [...batch.registries.values()].map((row) => ({ ...row, secret_missing: false })),
    );
    if (batch.deletedRegistries.size > 0) {
      const ids = [...batch.deletedRegistries];
      yield { name: 'forgottenUses', text: text.forgottenUses, values: [ids] };
      yield { name: 'forgottenLastUse', text: text.forgottenLastUse, values: [ids] };
    }
    yield* json('health', [...batch.health.values()]);
    yield* json('leases', batch.leases);
    yield* json('releases', batch.releases);
    const uses = [...batch.pipelineUses.values()];
    yield* json('uses', uses);
    yield* json('lastUses', lastUseByRegistry(uses));
    yield* json('notices', batch.notices);
    yield* json('changes', batch.changes);
    yield* json('audit', batch.audit);
    yield* json('heads', headsOf(batch));
    yield* json('parked', batch.parked);
    const current = [...batch.currentSecrets.values()];
    if (current.length > 0) yield { name: 'settle', text: text.settle, values: [current] };
    if (batch.destroyedVersions.size > 0) {
      const [ids, versions] = [[...batch.destroyedVersions.keys()], [...batch.destroyedVersions.values()]];
      yield { name: 'destroy', text: text.destroy, values: [ids, versions] };
    }
    if (batch.discardedSecrets.length > 0)
      yield { name: 'discard', text: text.discard, values: [batch.discardedSecrets] };
    if (batch.registries.size > 0)
      yield { name: 'missing', text: text.missing, values: [[...batch.registries.keys()]] };
  }

  return {
    advance: `select projection.advance_checkpoint($1, $2, $3, $4, $5, $6), set_config('synchronous_commit', $7, true)`,
    of: (batch: BatchChanges) => [...of(batch)],
  };
}

const REGISTRY_COLUMNS = [
  'project_id',
  'phase',
  'revision',
  'first_version',
  'last_version',
  'url',
  'entered_url',
  'name',
  'description',
  'email',
  'provider',
  'username',
  'access',
  'ca_certificate',
  'rotate_every_days',
  'credential_version',
  'credential_kind',
  'secret_id',
  'secret_digest',
  'secret_missing',
  'expires_at',
  'expiry_source',
  'rotated_at',
  'rotated_by',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'warnings',
  'mint',
] as const;

function lastUseByRegistry(uses: readonly { registry_id: string; last_used_at: string; last_used_by: string }[]) {
  const latest = new Map<string, { id: string; last_used_at: string; last_used_by: string }>();
  for (const { registry_id: id, last_used_at, last_used_by } of uses) {
    const known = latest.get(id);
    if (!known || known.last_used_at <= last_used_at) latest.set(id, { id, last_used_at, last_used_by });
  }
  return [...latest.values()];
}

function headsOf({ audit }: BatchChanges) {
  const heads = new Map(audit.map(({ project_id, sequence, hash }) => [project_id, { project_id, sequence, hash }]));
  return [...heads.values()];
}
