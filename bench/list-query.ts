import { median, milliseconds, perSecond, ratio } from './figures.ts';
import { ask, operation } from './graphql.ts';
import type { HttpLoad } from './http-load.ts';
import type { PurserProcess } from './purser-process.ts';
import { PROJECT } from './registries.ts';
import type { StockApolloOrder } from './stock-apollo.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';
import { startWorker } from './worker.ts';

const CONNECTIONS = 32;
const ROUNDS = 5;
const WARM_UP_MS = 3_000;
const ROUND_MS = 2_000;

const LIST = `query ($projectId: ID!, $first: Int) {
  registries(projectId: $projectId, first: $first) {
    nodes { id projectId url name description provider username access revision createdAt createdBy updatedAt updatedBy
      credential { version kind status expiresAt rotatedAt } }
    pageInfo { hasNextPage endCursor } } }`;
/** What HTTP, the token and GraphQL take by themselves. */
const FLOOR = '{ viewer { subject } }';

interface ListAnswer {
  readonly registries: { readonly nodes: readonly { readonly id: string }[] };
}

/** The same list of 20 registries from the same table, served in turns by the service and by stock Apollo. */
export async function benchListQuery(
  connectionString: string,
  purser: PurserProcess,
  load: HttpLoad,
  issuer: TokenIssuer,
): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const body = operation(LIST, { projectId: PROJECT, first: 20 });
  const stock = startWorker<StockApolloOrder, string>('stock-apollo.js');
  try {
    const { issuer: name, audience, publicKey } = issuer;
    const stockUrl = new URL(await stock.send({ connectionString, issuer: name, audience, publicKey })).origin;
    await requireSameList(stockUrl, purser.url, token, body);
    const run = (url: string, ms: number, asked = body) =>
      load.run({ url, token, connections: CONNECTIONS, milliseconds: ms, bodies: [asked], repeat: true });

    await run(stockUrl, WARM_UP_MS);
    await run(purser.url, WARM_UP_MS);
    const rounds: { stock: number; purser: number; p99: number; floor: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const ofStock = await run(stockUrl, ROUND_MS);
      const ofPurser = await run(purser.url, ROUND_MS);
      const ofFloor = await run(purser.url, ROUND_MS, operation(FLOOR, {}));
      rounds.push({
        stock: ofStock.requestsPerSecond,
        purser: ofPurser.requestsPerSecond,
        p99: ofPurser.p99,
        floor: ofFloor.requestsPerSecond,
      });
    }

    const share = median(rounds.map((round) => round.purser / round.stock));
    const p99 = median(rounds.map((round) => round.p99));
    const rate = perSecond(median(rounds.map((round) => round.purser)));
    return [
      reference('list of 20, stock Apollo standalone', perSecond(median(rounds.map((round) => round.stock)))),
      {
        what: 'list of 20 ÷ stock Apollo standalone',
        measured: `${ratio(share)} (${rate})`,
        goal: '≥ 3.5',
        met: share >= 3.5,
      },
      reference(`no list: \`${FLOOR}\``, perSecond(median(rounds.map((round) => round.floor)))),
      { what: 'list of 20, p99 at 32 connections', measured: milliseconds(p99), goal: '≤ 20 ms', met: p99 <= 20 },
    ];
  } finally {
    await stock.stop();
  }
}

/** The two can be compared only if they answer the same. */
async function requireSameList(stockUrl: string, url: string, token: string, body: string): Promise<void> {
  const [stock, own] = await Promise.all([ask<ListAnswer>(stockUrl, token, body), ask<ListAnswer>(url, token, body)]);
  const ids = ({ registries }: ListAnswer) => registries.nodes.map(({ id }) => id).join();
  if (own.registries.nodes.length !== 20 || ids(own) !== ids(stock)) throw new Error('the two lists differ');
}
