import { median, milliseconds, perSecond, ratio } from './figures.ts';
import type { HttpLoad } from './http-load.ts';
import { residentBytes } from './machine.ts';
import type { PurserProcess } from './purser-process.ts';
import { openRawInserts } from './raw-insert.ts';
import { createBody, issueBody, PROJECT } from './registries.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const CONNECTIONS = 32;
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

/** Mutations through HTTP, GraphQL, vault, log and read models, compared with single inserts on as many connections. */
export async function benchMutations(
  connectionString: string,
  purser: PurserProcess,
  load: HttpLoad,
  issuer: TokenIssuer,
): Promise<MutationRows> {
  const token = await issuer.token(PROJECT);
  const raw = await openRawInserts(connectionString);
  const request = (bodies: readonly string[], repeat: boolean, ms: number) =>
    load.run({ url: purser.url, token, connections: CONNECTIONS, milliseconds: ms, bodies, repeat });
  const create = (ms: number) =>
    request(
      Array.from({ length: (ms / 1_000) * BODIES_A_SECOND }, () => createBody()),
      false,
      ms,
    );
  const issueBodies = Array.from({ length: ISSUED_REGISTRIES }, (_, index) => issueBody(index + 1));
  const issue = (ms: number) => request(issueBodies, true, ms);

  const figures = { raw: [] as number[], create: [] as number[], issue: [] as number[] };
  const p99 = { create: [] as number[], issue: [] as number[] };
  let resident = 0;
  try {
    await create(WARM_UP_MS);
    await issue(WARM_UP_MS);
    await raw.runFor(WARM_UP_MS / 3);
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.raw.push((await raw.runFor(ROUND_MS)) / (ROUND_MS / 1_000));
      const creates = await create(ROUND_MS);
      figures.create.push(creates.requestsPerSecond);
      p99.create.push(creates.p99);
      const issues = await issue(ROUND_MS);
      figures.issue.push(issues.requestsPerSecond);
      p99.issue.push(issues.p99);
      resident = Math.max(resident, await residentBytes(purser.pid));
    }
  } finally {
    await raw.close();
  }

  const shareOfRaw = (rates: readonly number[]) =>
    median(rates.map((rate, round) => rate / (figures.raw[round] ?? Number.NaN)));
  const [creates, issues, issueP99] = [shareOfRaw(figures.create), shareOfRaw(figures.issue), median(p99.issue)];
  return {
    residentBytes: resident,
    rows: [
      reference('raw insert of a 600-byte event, 32 connections', perSecond(median(figures.raw))),
      {
        what: 'create through GraphQL ÷ raw insert',
        measured: `${ratio(creates)} (${perSecond(median(figures.create))}, p99 ${milliseconds(median(p99.create))})`,
        goal: '≥ 0.5',
        met: creates >= 0.5,
      },
      {
        what: 'issue through GraphQL, event durable first ÷ raw insert',
        measured: `${ratio(issues)} (${perSecond(median(figures.issue))})`,
        goal: '≥ 0.7',
        met: issues >= 0.7,
      },
      {
        what: 'issue, p99 at 32 connections',
        measured: milliseconds(issueP99),
        goal: '≤ 10 ms',
        met: issueP99 <= 10,
      },
    ],
  };
}
