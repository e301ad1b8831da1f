import type { Queryable } from '../statement.ts';
import { everyEvent, insertInto, type ReadModel, take } from './read-model.ts';

interface ParkedRow {
  readonly position: string;
  readonly stream: string;
  readonly event_id: string;
  readonly reason: string;
  /** The version in the event; 0 if it names none. */
  readonly credential_version: number;
}

export interface ParkedEvents extends ReadModel {
  /** Reads which streams are parked. Call this before the first event. */
  load(database: Queryable): Promise<void>;
  has(stream: string): boolean;
  /** The highest credential version in the parked events of a stream; 0 if they name none. */
  lastVersion(stream: string): number;
}

/** Events that could not be applied, and all later events of their streams. A rebuild tries them again. */
export function createParkedEvents(schema: string): ParkedEvents {
  const table = `${schema}.parked_events`;
  const insert = insertInto(schema, 'parked_events', 'on conflict do nothing');
  const lastVersions = new Map<string, number>();
  const rows: ParkedRow[] = [];

  return {
    handles: everyEvent(null),

    async load(database) {
      const found = await database.query<{ stream: string; version: number }>({
        name: `${table}-load`,
        text: `select stream, coalesce(max(credential_version), 0) as version from ${table} group by stream`,
        values: [],
      });
      for (const { stream, version } of found.rows) lastVersions.set(stream, version);
    },

    has: (stream) => lastVersions.has(stream),

    lastVersion: (stream) => lastVersions.get(stream) ?? 0,

    park({ position, stream, id, data }, reason) {
      const version = namedVersion(data);
      lastVersions.set(stream, Math.max(version, lastVersions.get(stream) ?? 0));
      rows.push({ position: String(position), stream, event_id: id, reason, credential_version: version });
    },

    changes: () => insert(take(rows)),

    added() {
      const parkedAt = new Date().toISOString();
      return [{ table: 'parked_events', rows: take(rows).map((row) => ({ ...row, parked_at: parkedAt })) }];
    },
  };
}

/** The version in an event of any type and schema, because fields are never removed; 0 if it names none. */
function namedVersion(data: unknown): number {
  const { credential, credentialVersion } = fieldsOf(data);
  return [fieldsOf(credential).version, credentialVersion].find(isVersion) ?? 0;
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** How many streams wait for a build that can apply their events, no matter which replica parked them. */
export async function countParkedStreams(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ count: number }>({
    name: 'parked-streams',
    text: 'select count(distinct stream)::int as count from read_models.parked_events',
    values: [],
  });
  return rows[0]?.count ?? 0;
}
