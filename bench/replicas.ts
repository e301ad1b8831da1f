import { cpuSeconds, postgresCpu } from './cpu-time.ts';
import { median, milliseconds, perSecond, ratio } from './figures.ts';
import { ask, operation } from './graphql.ts';
import { type HttpLoad, startHttpLoad } from './http-load.ts';
import { type PurserEnvironment, type PurserProcess, startPurser } from './purser-process.ts';
import { issueBody, PROJECT, seedRegistries } from './registries.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

export const REPLICAS = [1, 2, 4] as const;
/** The same for every number of replicas, which share them. */
const CONNECTIONS = 32;
/** Each number of replicas gets its turn so often, and is asked in so many rounds each time. */
const TURNS = 2;
const ROUNDS = 3;
const WARM_UP_REQUESTS = 1_500;
const WARM_UP_MS = 60_000;
const ROUND_MS = 2_000;
const REGISTRIES = 500;

const KINDS = ['issue', 'list'] as const;
type Kind = (typeof KINDS)[number];
const BODIES: Readonly<Record<Kind, readonly string[]>> = {
  issue: Array.from({ length: REGISTRIES }, (_, index) => issueBody(index + 1)),
  list: [
    operation(
      `query ($projectId: ID!, $first: Int) { registries(projectId: $projectId, first: $first) {
        nodes { id url name revision credential { version kind status } } pageInfo { hasNextPage endCursor } } }`,
      { projectId: PROJECT, first: 20 },
    ),
  ],
};

/** The replicas of one database, each with a process that asks it. */
interface Installation {
  readonly replicas: readonly PurserProcess[];
  readonly loads: readonly HttpLoad[];
}

/** A number of replicas, and what was measured with so many. */
interface Figures {
  readonly count: number;
  readonly found: Readonly<Record<Kind, Measured[]>>;
}

interface Measured {
  readonly perSecond: number;
  readonly p99: number;
  /** Milliseconds of CPU a request: of all replicas, and of Postgres. */
  readonly node: number;
  readonly postgres: number;
}

/**
 * What 1, 2 and 4 replicas on one Postgres cost: CPU a request, and how many requests the machine answers. On few cores more
 * replicas cannot be faster; the figures show what it costs that they wait for each other. Each number runs on a database of its
 * own, in turns: all together would take more connections than the server has.
 */
export async function benchReplicas(
  environment: PurserEnvironment,
  databases: readonly string[],
  issuer: TokenIssuer,
): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const cpuOfPostgres = await postgresCpu(databases[0] ?? '');
  const all = REPLICAS.map((count): Figures => ({ count, found: { issue: [], list: [] } }));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [index, { count, found }] of all.entries()) {
      const installation = await startReplicas({ ...environment, DATABASE_URL: databases[index] ?? '' }, count);
      try {
        await warmUp(installation, token, turn === 0);
        for (let round = 0; round < ROUNDS; round += 1) {
          for (const kind of KINDS) found[kind].push(await measure(installation, kind, token, cpuOfPostgres));
        }
      } finally {
        await Promise.all([...installation.replicas, ...installation.loads].map((each) => each.stop()));
      }
    }
  }
  return rowsOf(all);
}

async function startReplicas(environment: PurserEnvironment, count: number): Promise<Installation> {
  const replicas: PurserProcess[] = [];
  while (replicas.length < count) replicas.push(await startPurser(environment));
  return { replicas, loads: Array.from({ length: count }, startHttpLoad) };
}

/** Until the processes have compiled what they run often. */
async function warmUp({ replicas, loads }: Installation, token: string, isEmpty: boolean): Promise<void> {
  const url = replicas[0]?.url ?? '';
  if (isEmpty) await seedRegistries(url, token, REGISTRIES);
  // It waits until the read models have them.
  await ask(url, token, BODIES.list[0] ?? '');
  for (const kind of KINDS) {
    const bodies = Array.from(
      { length: WARM_UP_REQUESTS },
      (_, index) => BODIES[kind][index % BODIES[kind].length] ?? '',
    );
    await Promise.all(
      replicas.map((replica, index) =>
        loads[index]?.run({ url: replica.url, token, connections: 8, milliseconds: WARM_UP_MS, bodies, repeat: false }),
      ),
    );
  }
}

async function measure(
  { replicas, loads }: Installation,
  kind: Kind,
  token: string,
  cpuOfPostgres: () => number,
): Promise<Measured> {
  const pids = replicas.map(({ pid }) => pid);
  const connections = CONNECTIONS / replicas.length;
  const before = { node: cpuSeconds(pids), postgres: cpuOfPostgres() };
  const results = await Promise.all(
    replicas.map(async ({ url }, index) => {
      const load = loads[index];
      if (load === undefined) throw new Error('a replica has no process that asks it');
      return load.run({ url, token, connections, milliseconds: ROUND_MS, bodies: BODIES[kind], repeat: true });
    }),
  );
  const requests = results.reduce((sum, result) => sum + result.requests, 0);
  return {
    perSecond: results.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    p99: Math.max(...results.map(({ p99 }) => p99)),
    node: ((cpuSeconds(pids) - before.node) * 1_000) / requests,
    postgres: ((cpuOfPostgres() - before.postgres) * 1_000) / requests,
  };
}

/** Ratios are medians of those of each round. */
function rowsOf(all: readonly Figures[]): Row[] {
  const [alone] = all;
  return KINDS.flatMap((kind) =>
    all.map(({ count, found }) => {
      const of = (figure: keyof Measured) => median(found[kind].map((round) => round[figure]));
      const share = (figure: keyof Measured) =>
        ratio(
          median(
            found[kind].map((round, index) => round[figure] / (alone?.found[kind][index]?.[figure] ?? Number.NaN)),
          ),
        );
      const cpu = (figure: 'node' | 'postgres') => `${of(figure).toFixed(3)} ms (× ${share(figure)})`;
      const rate = `${perSecond(of('perSecond'))} (× ${share('perSecond')})`;
      return reference(
        `${kind}, ${count} ${count === 1 ? 'replica' : 'replicas'}`,
        `node ${cpu('node')}, Postgres ${cpu('postgres')} a request; ${rate}, p99 ${milliseconds(of('p99'))}`,
      );
    }),
  );
}
