import { createReadModels } from '../../src/adapters/postgres/read-models/all-read-models.ts';
import { createProjection, type Projection } from '../../src/adapters/postgres/read-models/projection.ts';
import type { RecordedEvent } from '../../src/application/ports/event-log.ts';
import { trusting } from './read-models.ts';

export const emptyProjection = (): Projection =>
  createProjection(createReadModels('read_models', trusting, { fromTheStart: true }));

export type Row = Readonly<Record<string, unknown>>;

/** The changes of the events, in the form of the statements in the projector's transaction. */
export function fold(
  events: readonly RecordedEvent[],
  { projection = emptyProjection(), refusals = new Map<string, string>() } = {},
) {
  const parked = projection.apply(events, refusals);
  const changes = projection.changes();
  const valuesOf = (name: string) => changes.find((change) => change.name === name)?.values ?? [];
  const rows = (name: string): Row[] => JSON.parse(String(valuesOf(name)[0] ?? '[]'));
  const settlements = changes.filter(({ name }) => name === 'vault-settle').map(({ values }) => values as string[][]);
  const ofAll = (index: number) => settlements.flatMap((values) => values[index] ?? []);
  return {
    registries: rows('read_models.registries'),
    health: rows('read_models.registries-health'),
    leases: rows('read_models.leases'),
    releases: rows('read_models.leases-release'),
    pipelineUses: rows('read_models.pipeline_uses'),
    notices: rows('read_models.notices'),
    changes: rows('read_models.changes'),
    audit: rows('read_models.audit_entries'),
    heads: rows('read_models.audit_heads'),
    parkedRows: rows('read_models.parked_events'),
    parked,
    settled: ofAll(0),
    states: ofAll(1),
    destroyed: ofAll(2).map((id, index) => [id, ofAll(3)[index]]),
    kept: ofAll(4),
    ended: ofAll(5),
    discarded: ofAll(6),
    durable: changes.some(({ durable }) => durable),
    statements: changes.map(({ name }) => name),
  };
}
