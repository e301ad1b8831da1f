import type { SnapshotStore } from '../../application/ports/snapshot-store.ts';
import type { Queryable } from './statement.ts';

interface SnapshotRow {
  readonly revision: number;
  readonly event_id: string;
  readonly state: string;
  readonly code: string;
}

/** The largest revision that the column can hold. */
const LAST = 2 ** 31 - 1;

/** The table `projection.stream_snapshots`. */
export function createSnapshotStore(database: Queryable): SnapshotStore {
  return {
    async latest(stream, foldVersion, upTo) {
      const { rows } = await database.query<SnapshotRow>({
        name: 'latest-snapshot',
        text: `select revision, event_id, state, code from projection.stream_snapshots
          where stream = $1 and fold_version = $2 and revision <= $3 order by revision desc limit 1`,
        values: [stream, foldVersion, Math.min(upTo, LAST)],
      });
      const [row] = rows;
      if (!row) return undefined;
      const { revision, event_id: eventId, state, code } = row;
      return { stream, revision, eventId, foldVersion, state, code };
    },

    async save({ stream, revision, eventId, foldVersion, state, code }) {
      await database.query({
        name: 'save-snapshot',
        text: `insert into projection.stream_snapshots (stream, revision, event_id, fold_version, state, code)
          values ($1, $2, $3, $4, $5, $6)
          on conflict (stream, revision) do update
            set event_id = excluded.event_id, fold_version = excluded.fold_version, state = excluded.state, code = excluded.code`,
        values: [stream, revision, eventId, foldVersion, state, code],
      });
    },

    async remove({ stream, revision }) {
      await database.query({
        name: 'remove-snapshot',
        text: 'delete from projection.stream_snapshots where stream = $1 and revision = $2',
        values: [stream, revision],
      });
    },
  };
}
