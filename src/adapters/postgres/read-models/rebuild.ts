import type { Client } from 'pg';
import { BEGINNING, type EventLog, type Position, type RecordedEvent } from '../../../application/ports/event-log.ts';
import { copyIn } from '../copy-in.ts';
import { applyEvents, atCheckpoint, progressOf } from './apply-events.ts';
import type { BatchChanges } from './batch-changes.ts';
import { foldBatch } from './fold-batch.ts';
import { emptyMemory, type ProjectionMemory } from './projection-memory.ts';
import { createReadModelStore } from './read-model-store.ts';
import { refusalOf } from './refusal.ts';
import type { PipelineUseRow, RegistryRow } from './rows.ts';
import { recheckStatement } from './secret-presence.ts';
import { addVaultEffects, noVaultEffects, type VaultEffects } from './vault-effects.ts';

const LIVE = 'read_models';
const NEXT = 'read_models_next';
const OLD = 'read_models_old';
const PAGE = 2_000;
const MAX_ACTIVE_LEASES = 10_000;

export interface RebuildDeps {
  readonly log: EventLog;
  /** A new, connected client, which sends ahead (pg's `pipeline`) or not. */
  readonly connect: (options: { readonly pipeline: boolean }) => Promise<Client>;
  /** Is told of events that are parked where the database refuses them. */
  readonly onFault?: (error: Error) => void;
}

export interface Rebuilt {
  readonly events: number;
  readonly position: Position;
}

/**
 * Builds the read models again from the first event on, beside those in use, and then takes their place: queries go on
 * all the while. What happened before is folded in memory and written in bulk, indexes last. The vault is told all of it
 * again: nothing of that is left to do but where an event could not be read when it happened.
 */
export async function rebuildReadModels({ log, connect, onFault = () => {} }: RebuildDeps): Promise<Rebuilt> {
  const client = await connect({ pipeline: true });
  const bulk = await connect({ pipeline: false });
  try {
    const until = (await createReadModelStore(client, LIVE).checkpoint()).position;
    await createEmptySchema(client);
    const folded = await foldHistory(bulk, log, until).catch((error: unknown) => {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      onFault(new Error(`the history is applied batch by batch: ${refusal}`));
      return undefined;
    });
    if (folded === undefined) await beginEmpty(client);
    await createIndexes(client);
    await client.query(`analyze ${NEXT}.registries, ${NEXT}.leases, ${NEXT}.audit_entries`);
    const caughtUp = await catchUp(client, log, onFault);
    await client.query(recheckStatement(NEXT));
    const last = await swapSchemas(client, bulk, log, onFault);
    return { events: (folded ?? 0) + caughtUp + last, position: until };
  } finally {
    await Promise.all([client.end(), bulk.end()]);
  }
}

/** The row that the database refuses is found the way the projector does it, from the first event on. */
async function beginEmpty(client: Client): Promise<void> {
  await createEmptySchema(client);
  await dropInterim(client);
  await writeCheckpoint(client, BEGINNING, emptyMemory());
}

async function createEmptySchema(client: Client): Promise<void> {
  await client.query(`drop schema if exists ${NEXT} cascade`);
  await client.query(`create schema ${NEXT}`);
  const { rows } = await client.query<{ tablename: string }>('select tablename from pg_tables where schemaname = $1', [
    LIVE,
  ]);
  for (const { tablename } of rows) {
    await client.query(`create table ${NEXT}.${tablename} (like ${LIVE}.${tablename} including all excluding indexes)`);
  }
  await client.query(`create table ${NEXT}.issued (like ${LIVE}.leases)`);
  await client.query(`create table ${NEXT}.released (id uuid, released_at timestamptz(3))`);
}

/** What stands in the tables once, however often it changed. */
interface Totals {
  readonly vault: VaultEffects;
  readonly registries: Map<string, RegistryRow>;
  readonly uses: Map<string, PipelineUseRow>;
}

async function foldHistory(client: Client, log: EventLog, until: Position): Promise<number> {
  const memory = emptyMemory();
  const totals: Totals = { vault: noVaultEffects(), registries: new Map(), uses: new Map() };
  let position = BEGINNING;
  let count = 0;
  let written: Promise<unknown> = Promise.resolve();
  let page = log.readAll({ after: position, maxCount: PAGE });
  for (;;) {
    const events = (await page).filter((event) => event.position <= until);
    const last = events.at(-1);
    if (!last) break;
    position = last.position;
    page = log.readAll({ after: position, maxCount: PAGE });
    page.catch(() => undefined);
    // The next page is read and this one is folded while the one before is being written.
    rememberActiveLeases(memory, events);
    const changes = foldBatch(memory, events);
    addToTotals(totals, changes);
    await written;
    written = writeAppended(client, changes);
    written.catch(() => undefined);
    count += events.length;
  }
  await page;
  await written;
  await bringVaultUpToDate(client, totals.vault);
  await writeTotals(client, totals, memory, position);
  return count;
}

/** The fold counts leases only where it was told to. */
function rememberActiveLeases(memory: ProjectionMemory, events: readonly RecordedEvent[]): void {
  const now = events[0]?.occurredAt ?? '';
  for (const { type, data } of events) {
    if (type !== 'CredentialIssued' || typeof data !== 'object' || data === null || !('registryId' in data)) continue;
    const id = String(data.registryId);
    const active = memory.activeLeases.get(id);
    if (!active) memory.activeLeases.set(id, new Map());
    else if (active.size > MAX_ACTIVE_LEASES) forgetExpired(active, now);
  }
}

function forgetExpired(active: Map<string, { readonly expiresAt: string }>, now: string): void {
  for (const [id, { expiresAt }] of active) if (expiresAt <= now) active.delete(id);
}

function addToTotals({ vault, registries, uses }: Totals, changes: BatchChanges): void {
  addVaultEffects(vault, changes);
  for (const [id, row] of changes.registries) registries.set(id, row);
  if (changes.deletedRegistries.size > 0) {
    for (const [key, use] of uses) if (changes.deletedRegistries.has(use.registry_id)) uses.delete(key);
  }
  for (const [key, use] of changes.pipelineUses) {
    uses.set(key, { ...use, leases: use.leases + (uses.get(key)?.leases ?? 0) });
  }
}

async function writeAppended(client: Client, changes: BatchChanges): Promise<void> {
  const parkedAt = new Date().toISOString();
  for (const [table, rows] of [
    ['issued', changes.leases],
    ['released', changes.releases],
    ['notices', changes.notices],
    ['changes', changes.changes],
    ['audit_entries', changes.audit],
    ['parked_events', changes.parked.map((row) => ({ ...row, parked_at: parkedAt }))],
  ] as const) {
    await copyIn(client, `${NEXT}.${table}`, rows);
  }
}

/** In the order in which the projector does it. What is current or destroyed already is left as it is. */
async function bringVaultUpToDate(client: Client, effects: VaultEffects): Promise<void> {
  for (const ids of pages([...effects.currentSecrets.values()])) {
    await client.query('select vault.settle($1::uuid[])', [ids]);
  }
  for (const deleted of pages([...effects.destroyedVersions])) {
    const values = [deleted.map(([id]) => id), deleted.map(([, version]) => version)];
    await client.query('select vault.destroy_registries($1::uuid[], $2::int[])', values);
  }
  for (const ids of pages(effects.discardedSecrets)) {
    await client.query('select vault.destroy_secrets($1::uuid[])', [ids]);
  }
}

function* pages<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += PAGE) yield items.slice(start, start + PAGE);
}

async function writeTotals(
  client: Client,
  totals: Totals,
  memory: ProjectionMemory,
  position: Position,
): Promise<void> {
  const lastUses = new Map<string, PipelineUseRow>();
  for (const use of totals.uses.values()) {
    const known = lastUses.get(use.registry_id);
    if (!known || known.last_used_at <= use.last_used_at) lastUses.set(use.registry_id, use);
  }
  const registries = [...totals.registries.values()].map((row) => ({
    ...row,
    secret_missing: false,
    health: memory.health.get(row.id) ?? null,
    last_used_at: lastUses.get(row.id)?.last_used_at ?? null,
    last_used_by: lastUses.get(row.id)?.last_used_by ?? null,
  }));
  const uses = [...totals.uses.values()].map(({ last_used_by: _, ...row }) => row);
  const heads = [...memory.auditHeads].map(([project_id, head]) => ({ project_id, ...head }));
  for (const [table, rows] of [
    ['registries', registries],
    ['pipeline_uses', uses],
    ['audit_heads', heads],
  ] as const) {
    for (const page of pages<object>(rows)) await copyIn(client, `${NEXT}.${table}`, page);
  }
  await client.query(`insert into ${NEXT}.leases select l.id, l.project_id, l.registry_id, l.credential_version,
      l.pipeline, l.run_id, l.purpose, l.issued_to, l.issued_at, l.expires_at, r.released_at
    from ${NEXT}.issued l left join ${NEXT}.released r on r.id = l.id`);
  await dropInterim(client);
  await writeCheckpoint(client, position, memory);
}

/** What only the writing in bulk needs. */
async function dropInterim(client: Client): Promise<void> {
  await client.query(`drop table ${NEXT}.issued, ${NEXT}.released`);
}

async function writeCheckpoint(client: Client, position: Position, memory: ProjectionMemory): Promise<void> {
  await client.query(
    `insert into ${NEXT}.checkpoint (name, position, notice_sequence, change_sequence) values ('read_models', $1, $2, $3)`,
    [String(position), memory.noticeSequence, memory.changeSequence],
  );
}

async function createIndexes(client: Client): Promise<void> {
  const { rows } = await client.query<{ indexdef: string }>('select indexdef from pg_indexes where schemaname = $1', [
    LIVE,
  ]);
  for (const { indexdef } of rows) await client.query(indexdef.replace(` ON ${LIVE}.`, ` ON ${NEXT}.`));
}

/** As the projector does it, with the vault: these events it may not have seen yet, and doing them twice is harmless. */
async function catchUp(client: Client, log: EventLog, onFault: (error: Error) => void): Promise<number> {
  const store = createReadModelStore(client, NEXT);
  let count = 0;
  let reached = await progressOf(store);
  for (;;) {
    const events = await log.readAll({ after: reached.checkpoint.position, maxCount: PAGE });
    if (events.length === 0) return count;
    reached = await applyEvents(store, await atCheckpoint(store, reached.checkpoint), events, onFault);
    count += events.length;
  }
}

/** The projector waits at its checkpoint while the last events are applied and the names change. */
async function swapSchemas(
  client: Client,
  swap: Client,
  log: EventLog,
  onFault: (error: Error) => void,
): Promise<number> {
  await swap.query('begin');
  await swap.query(`lock table ${LIVE}.checkpoint in exclusive mode`);
  const count = await catchUp(client, log, onFault);
  await swap.query(`drop schema if exists ${OLD} cascade`);
  await swap.query(`alter schema ${LIVE} rename to ${OLD}`);
  await swap.query(`alter schema ${NEXT} rename to ${LIVE}`);
  await swap.query('commit');
  await swap.query(`drop schema ${OLD} cascade`);
  return count;
}
