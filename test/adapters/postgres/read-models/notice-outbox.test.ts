import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { projectorClient, trusting } from '../../../support/read-models.ts';
import { createdEvent, deletedEvent, rotatedEvent, unstorableEvent } from '../../../support/recorded-events.ts';
import { appendAll, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

let connectionString: string;
let log: EventLog;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  const opened = createPostgresEventLog({ connectionString, logger: SILENT });
  log = opened;
  close = () => opened.close();
});
afterEach(() => close());

const rows = <Row extends object>(text: string) =>
  withClient(connectionString, async (client) => (await client.query<Row>(text)).rows);
/** The notices in the queue, by their place in the log. */
const queued = async () =>
  (await rows<{ position: number }>('select position::int as position from webhooks.notices order by position')).map(
    ({ position }) => position,
  );
const rebuild = () =>
  rebuildReadModels({
    log,
    authenticator: trusting,
    connect: (options) => projectorClient(connectionString, options),
  });

async function project(...events: Parameters<typeof appendAll> extends [EventLog, ...infer Rest] ? Rest : never) {
  const { position } = await appendAll(log, ...events);
  const projector = startProjector(connectionString, log);
  try {
    await projector.passed(position);
  } finally {
    await projector.stop();
  }
}

describe('the queue of webhooks', () => {
  it('gets each notice once, with its event, and nothing for events without one', async () => {
    await project(createdEvent('a', 1), rotatedEvent('a', 2), deletedEvent('a'));
    expect(await queued()).toEqual([2, 3]);
    const [notice] = await rows<object>(`select n.kind, n.notice, n.sequence::int, e.event_id = n.event_id as same
      from webhooks.notices n join log.events e using (position) order by position`);
    expect(notice).toEqual({
      kind: 'ROTATED',
      // The number of its event.
      sequence: 2,
      same: true,
      notice: {
        url: 'a.example',
        credentialVersion: 2,
        expiresAt: null,
        actor: 'ada',
        leasesOnOlderVersions: 0,
        message: 'ada rotated the credential of a.example to version 2.',
      },
    });
  });

  it.each([
    ['folded in bulk', []],
    // An event that the database refuses makes a rebuild go batch by batch, as the projector does.
    ['applied batch by batch', [unstorableEvent('b')]],
  ])('gets nothing from a rebuild, %s, also if what was sent is no longer there', async (_, refused) => {
    await project(createdEvent('a', 1), createdEvent('b', 1), ...refused, rotatedEvent('a', 2), deletedEvent('a'));
    const before = await queued();
    expect(before).toHaveLength(2);
    await rebuild();
    expect(await queued()).toEqual(before);
    await rows('delete from webhooks.notices');
    await rebuild();
    expect(await queued()).toEqual([]);
    expect(await rows('select from read_models.notices')).toHaveLength(2);

    await project(createdEvent('c', 1), rotatedEvent('c', 2));
    expect(await queued()).toHaveLength(1);
  });

  it('gets what the projector has not passed from a rebuild, and not again from the projector', async () => {
    await project(createdEvent('a', 1));
    await appendAll(log, rotatedEvent('a', 2));
    await rebuild();
    expect(await queued()).toEqual([2]);
    await project(rotatedEvent('a', 3));
    expect(await queued()).toEqual([2, 3]);
  });

  it('lets two that add the same notices wait for each other', async () => {
    const added = JSON.stringify(
      Array.from({ length: 50 }, (_, index) => ({
        event_id: `00000000-0000-4000-8000-0000000000${10 + index}`,
        position: index + 1,
        sequence: index + 1,
        project_id: 'demo',
        registry_id: '00000000-0000-4000-8000-000000000001',
        kind: 'ROTATED',
        occurred_at: '2030-01-31T09:00:00.000Z',
        notice: {},
        code: 'no code',
      })),
    );
    await withClient(connectionString, (one) =>
      withClient(connectionString, async (other) => {
        await one.query('begin');
        await one.query('select webhooks.add_notices($1)', [added]);
        const waiting = other.query('select webhooks.add_notices($1)', [added]);
        await rowsWaiting();
        await one.query('delete from webhooks.notices');
        await one.query('commit');
        await waiting;
      }),
    );
    expect(await queued()).toEqual([]);

    async function rowsWaiting(): Promise<void> {
      await expect
        .poll(() =>
          rows(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
        )
        .toHaveLength(1);
    }
  });
});
