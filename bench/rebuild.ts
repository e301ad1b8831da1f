import { median, megabytes, perSecond, ratio, whole } from './figures.ts';
import type { RebuildOrder, RebuildResult } from './rebuild-worker.ts';
import { eventsOfHistory, seedRegistryHistory } from './registry-history.ts';
import { foldInSql } from './sql-fold.ts';
import { type Row, reference } from './table.ts';
import { startWorker } from './worker.ts';

const ROUNDS = 3;
/** Larger histories are rebuilt once: they take minutes. */
const LARGE = 1_000_000;
const MAX_BYTES = 500 * 1024 * 1024;

/** Rebuilds all read models from streams of ten events each, compared with only the registries in pure SQL. */
export async function benchRebuild(connectionString: string, streams: number): Promise<Row[]> {
  const events = eventsOfHistory(streams);
  await seedRegistryHistory(connectionString, streams);
  const rounds: { sql: number; rebuild: RebuildResult }[] = [];
  while (rounds.length < (events < LARGE ? ROUNDS : 1)) {
    const round = { sql: await foldInSql(connectionString), rebuild: await rebuild(connectionString, events) };
    const { milliseconds, peakBytes } = round.rebuild;
    process.stderr.write(`  ${perSecond(events / (milliseconds / 1_000))}, at most ${megabytes(peakBytes)}\n`);
    rounds.push(round);
  }
  const rate = (milliseconds: number) => events / (milliseconds / 1_000);
  const rebuilt = median(rounds.map((round) => rate(round.rebuild.milliseconds)));
  const share = median(rounds.map((round) => round.sql / round.rebuild.milliseconds));
  const cpu = median(rounds.map((round) => round.rebuild.cpuMicroseconds / events));
  const peak = Math.max(...rounds.map((round) => round.rebuild.peakBytes));
  return [
    reference('fold of the registries in pure SQL', perSecond(median(rounds.map((round) => rate(round.sql))))),
    {
      what: `rebuild of all read models, ${whole(events)} events in ${whole(streams)} streams`,
      measured: perSecond(rebuilt),
      goal: '≥ 20,000/s',
      met: rebuilt >= 20_000,
    },
    reference('… ÷ pure SQL fold', ratio(share)),
    reference('… CPU of Node an event', `${whole(cpu)} µs`),
    { what: '… most memory', measured: megabytes(peak), goal: '≤ 500 MB', met: peak <= MAX_BYTES },
  ];
}

async function rebuild(connectionString: string, events: number): Promise<RebuildResult> {
  const worker = startWorker<RebuildOrder, RebuildResult>('rebuild-worker.js');
  try {
    const result = await worker.send({ connectionString });
    if (result.events !== events) throw new Error(`rebuilt from ${result.events} events`);
    return result;
  } finally {
    await worker.stop();
  }
}
