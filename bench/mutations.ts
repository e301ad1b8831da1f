import { median, milliseconds, perSecond, ratio } from './figures.ts';
import type { HttpLoad } from './http-load.ts';
import { residentBytes } from './machine.ts';
import type { PurserProcess } from './purser-process.ts';
import { openRawInserts } from './raw-insert.ts';
import { createBody, issueBody, PROJECT } from './registries.ts';
import type { StockApolloOrder } from './stock-apollo.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';
import { startWorker } from './worker.ts';

const CONNECTIONS = 32;
/** At which a request seldom waits for another. */
const FEW_CONNECTIONS = 8;
const ROUNDS = 5;
const WARM_UP_MS = 3_000;
const ROUND_MS = 2_000;
/** More than any machine creates in one round. */
const BODIES_A_SECOND = 12_000;
/** The number of registries whose credentials are issued. */
const ISSUED_REGISTRIES = 500;

export interface MutationRows {
  readonly rows: Row[];
  /** The most memory that the service used after a round. */
  readonly residentBytes: number;
}

/**
 * Mutations through HTTP, GraphQL, vault, log and read models, compared with single inserts on as many connections, and with
 * a stock Apollo that issues a password by pgcrypto after one durable insert.
 */
export async function benchMutations(
  connectionString: string,
  purser: PurserProcess,
  load: HttpLoad,
  issuer: TokenIssuer,
): Promise<MutationRows> {
  const token = await issuer.token(PROJECT);
  const raw = await openRawInserts(connectionString);
  const stock = startWorker<StockApolloOrder, string>('stock-apollo.js');
  const { issuer: name, audience, publicKey } = issuer;
  const stockUrl = new URL(await stock.send({ connectionString, issuer: name, audience, publicKey })).origin;
  const request = (
    bodies: readonly string[],
    repeat: boolean,
    ms: number,
    { url = purser.url, connections = CONNECTIONS } = {},
  ) => load.run({ url, token, connections, milliseconds: ms, bodies, repeat });
  const create = (ms: number) =>
    request(
      Array.from({ length: (ms / 1_000) * BODIES_A_SECOND }, () => createBody()),
      false,
      ms,
    );
  const issueBodies = Array.from({ length: ISSUED_REGISTRIES }, (_, index) => issueBody(index + 1));
  const issue = (ms: number, from: { url?: string; connections?: number } = {}) => request(issueBodies, true, ms, from);

  const figures = { raw: [] as number[], create: [] as number[], issue: [] as number[], stock: [] as number[] };
  const p99 = { create: [] as number[], issue: [] as number[], issueByFew: [] as number[] };
  let resident = 0;
  try {
    await create(WARM_UP_MS);
    await issue(WARM_UP_MS);
    await issue(WARM_UP_MS, { url: stockUrl });
    await raw.runFor(WARM_UP_MS / 3);
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.raw.push((await raw.runFor(ROUND_MS)) / (ROUND_MS / 1_000));
      const creates = await create(ROUND_MS);
      figures.create.push(creates.requestsPerSecond);
      p99.create.push(creates.p99);
      const issues = await issue(ROUND_MS);
      figures.issue.push(issues.requestsPerSecond);
      p99.issue.push(issues.p99);
      figures.stock.push((await issue(ROUND_MS, { url: stockUrl })).requestsPerSecond);
      p99.issueByFew.push((await issue(ROUND_MS, { connections: FEW_CONNECTIONS })).p99);
      resident = Math.max(resident, await residentBytes(purser.pid));
    }
  } finally {
    await Promise.all([raw.close(), stock.stop()]);
  }

  const share = (rates: readonly number[], of: readonly number[]) =>
    median(rates.map((rate, round) => rate / (of[round] ?? Number.NaN)));
  const [creates, issues] = [share(figures.create, figures.raw), share(figures.issue, figures.raw)];
  const ofStock = share(figures.issue, figures.stock);
  const [issueP99, fewP99] = [median(p99.issue), median(p99.issueByFew)];
  return {
    residentBytes: resident,
    rows: [
      reference('raw insert of a 600-byte event, 32 connections', perSecond(median(figures.raw))),
      {
        what: 'create through GraphQL ÷ raw insert',
        measured: `${ratio(creates)} (${perSecond(median(figures.create))}, p99 ${milliseconds(median(p99.create))})`,
        goal: '≥ 0.15',
        met: creates >= 0.15,
      },
      {
        what: 'issue through GraphQL, event durable first ÷ raw insert',
        measured: `${ratio(issues)} (${perSecond(median(figures.issue))})`,
        goal: '≥ 0.25',
        met: issues >= 0.25,
      },
      reference('issue, stock Apollo, pgcrypto and one durable insert', perSecond(median(figures.stock))),
      { what: '… ÷ stock Apollo', measured: ratio(ofStock), goal: '≥ 1.0', met: ofStock >= 1 },
      {
        what: 'issue, p99 at 32 connections',
        measured: milliseconds(issueP99),
        goal: '≤ 25 ms',
        met: issueP99 <= 25,
      },
      { what: '… at 8 connections', measured: milliseconds(fewP99), goal: '≤ 10 ms', met: fewP99 <= 10 },
    ],
  };
}
