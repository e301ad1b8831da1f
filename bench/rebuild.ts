import { randomBytes } from 'node:crypto';
import { createPostgresEventLog } from '../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { rebuildReadModels } from '../src/adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../src/adapters/postgres/session.ts';
import { createEventAuthenticator } from '../src/adapters/vault/event-authenticator.ts';
import { median, perSecond, ratio } from './figures.ts';
import { EVENTS, seedRegistryHistory } from './registry-history.ts';
import { foldInSql } from './sql-fold.ts';
import { type Row, reference } from './table.ts';

const ROUNDS = 3;
/** HMAC takes the same time, whatever comes out. */
const authenticator = createEventAuthenticator([{ id: 1, bytes: randomBytes(32) }]);

/** Rebuilds all read models from 200,000 events in 20,000 streams, compared with only the registries in pure SQL. */
export async function benchRebuild(connectionString: string): Promise<Row[]> {
  await seedRegistryHistory(connectionString);
  await foldInSql(connectionString);
  const rounds: { sql: number; rebuild: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ sql: await foldInSql(connectionString), rebuild: await rebuild(connectionString) });
  }
  const rate = (milliseconds: number) => EVENTS / (milliseconds / 1_000);
  const rebuilt = median(rounds.map((round) => rate(round.rebuild)));
  const share = median(rounds.map((round) => round.sql / round.rebuild));
  return [
    reference('fold of the registries in pure SQL', perSecond(median(rounds.map((round) => rate(round.sql))))),
    {
      what: 'rebuild of all read models, 200,000 events in 20,000 streams',
      measured: perSecond(rebuilt),
      goal: '≥ 150,000/s',
      met: rebuilt >= 150_000,
    },
    { what: '… ÷ pure SQL fold', measured: ratio(share), goal: '≥ 0.35', met: share >= 0.35 },
  ];
}

/** @returns milliseconds */
async function rebuild(connectionString: string): Promise<number> {
  const log = createPostgresEventLog({ connectionString, logger: SILENT });
  try {
    const startedAt = performance.now();
    const { events } = await rebuildReadModels({
      log,
      // SQL cannot sign the events. Each is verified nevertheless, because that takes a good part of the time.
      authenticator: { ...authenticator, isAuthentic: (event) => authenticator.isAuthentic(event) || true },
      connect: ({ pipeline }) =>
        openSession({ connectionString, name: 'bench rebuild', statementTimeoutMs: 0, pipeline }, () => undefined),
    });
    if (events !== EVENTS) throw new Error(`rebuilt from ${events} events`);
    return performance.now() - startedAt;
  } finally {
    await log.close();
  }
}
