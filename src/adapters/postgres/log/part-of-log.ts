import type { Client } from 'pg';
import type { EventLog, Position } from '../../../application/ports/event-log.ts';
import { EVENT_COLUMNS, type EventRow, pageOf } from './event-rows.ts';

/** In SQL: a number of a project, the same everywhere. No project has one, too. */
function bucketOf(project: string): string {
  return `('x' || left(md5(coalesce(${project}, '')), 7))::bit(28)::int`;
}

/**
 * Makes the table `places`: which event belongs to which of `count` parts. A part has the projects whose bucket leaves its number
 * when it is divided by `count`. Looking into all events for each part would take most of the
 * server's time from some parts on.
 */
export async function createPlaces(client: Client, schema: string, count: number, until: Position): Promise<void> {
  await client.query(
    `create table ${schema}.places as
       select ${bucketOf(`metadata ->> 'projectId'`)} % ${count} as part, position from log.events
       where position <= ${until} order by part, position`,
  );
  await client.query(`create unique index on ${schema}.places (part, position); analyze ${schema}.places`);
}

/** The events of a part, from 0. `client` looks up by index only. */
export function partOfLog(client: Client, schema: string, part: number): Pick<EventLog, 'readAll'> {
  const text = `select ${EVENT_COLUMNS} from log.events e join (
      select position from ${schema}.places where part = $1 and position > $2 order by position limit $3
    ) p using (position) order by position`;
  return {
    async readAll({ after, maxCount }) {
      const values = [part, after, maxCount];
      const { rows } = await client.query<EventRow>({ name: 'read-part', text, values });
      return pageOf(rows, { after, maxCount });
    },
  };
}

/** Whether no event is missing up to there: then the number of events is the position. */
export async function isWhole(client: Client, until: Position): Promise<boolean> {
  const text = 'select count(*) = $1 as whole from log.events where position <= $1';
  const { rows } = await client.query<{ whole: boolean }>(text, [String(until)]);
  return rows[0]?.whole === true;
}

/** What has to be remembered to fold the events of a bucket's projects: their registries, and a sixteenth for an open lease. */
export interface BucketSize {
  readonly bucket: number;
  readonly size: number;
}

export async function sizesByBucket(client: Client, until: Position): Promise<readonly BucketSize[]> {
  const text = `select ${bucketOf('project')} as bucket, sum(registries + greatest(leases, 0) / 16 + 1)::float8 as size from (
      select metadata ->> 'projectId' as project, count(*) filter (where type = 'RegistryCreated') as registries,
        count(*) filter (where type = 'CredentialIssued') - count(*) filter (where type = 'LeaseReleased') as leases
      from log.events
      where position <= $1 and type in ('RegistryCreated', 'CredentialIssued', 'LeaseReleased') group by 1
    ) as of_project group by 1`;
  const { rows } = await client.query<BucketSize>(text, [String(until)]);
  return rows;
}
