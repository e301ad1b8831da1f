import { expect, it, onTestFinished } from 'vitest';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { aPrefix, openKurrentLog } from '../../support/kurrent-logs.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';

it('a log is read to its end although the server does not show its last event, of an election', async () => {
  const double = await startProtocolDouble({ hidesEpochEvents: true });
  onTestFinished(() => double.close());
  const elect = async () => {
    await double.tell({ order: 'lead', member: 0, electionMs: 0 });
    await expect.poll(async () => (await double.tell({ order: 'report' })).leader).toBe(0);
  };
  const prefix = aPrefix();
  const log = openKurrentLog(double.url(), { prefix });
  await elect();
  const { position } = await log.append(aStream(), 'no-stream', [anEvent()]);
  for (let election = 0; election < 3; election += 1) {
    await elect();
    for (const each of [log, openKurrentLog(double.url(), { prefix })]) {
      expect(await each.head()).toBe(position);
      expect(await each.readAll({ after: BEGINNING, maxCount: 9 })).toMatchObject({ events: [{ position }] });
    }
  }
});
