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
const ROUNDS = 5;
/** Until a process has compiled what it runs often. */
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
 * replicas cannot be faster; the figures show what it costs that they wait for each other. All run all the time, on a
 * database for each number, and are asked in turns.
 */
export async function benchReplicas(
  environment: PurserEnvironment,
  databases: readonly string[],
  issuer: TokenIssuer,
): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const cpuOfPostgres = await postgresCpu(databases[0] ?? '');
  const installations: Installation[] = [];
  try {
    for (const [index, count] of REPLICAS.entries()) {
      const of = { ...environment, DATABASE_URL: databases[index] ?? '' };
      const first = await startPurser(of);
      const replicas = [first];
      installations.push({
        replicas,
        loads: Array.from({ length: count }, startHttpLoad),
        found: { issue: [], list: [] },
      });
      await seedRegistries(first.url, token, REGISTRIES);
      await ask(first.url, token, BODIES.list[0] ?? '');
      while (replicas.length < count) replicas.push(await startPurser(of));
    }
    for (const { replicas, loads } of installations) {
      for (const kind of KINDS) {
        const bodies = Array.from(
          { length: WARM_UP_REQUESTS },
          (_, index) => BODIES[kind][index % BODIES[kind].length] ?? '',
        );
        await Promise.all(
          replicas.map(({ url }, index) =>
            loads[index]?.run({ url, token, connections: 8, milliseconds: WARM_UP_MS, bodies, repeat: false }),
          ),
        );
      }
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const kind of KINDS) {
        for (const installation of installations) {
          installation.found[kind].push(await measure(installation, kind, token, cpuOfPostgres));
        }
      }
    }
    return rowsOf(installations);
  } finally {
    const all = installations.flatMap(({ replicas, loads }) => [...replicas, ...loads]);
    await Promise.all(all.map((each) => each.stop()));
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
function rowsOf(installations: readonly Installation[]): Row[] {
  const [alone] = installations;
  return KINDS.flatMap((kind) =>
    installations.map(({ replicas, found }) => {
      const of = (figure: keyof Measured) => median(found[kind].map((round) => round[figure]));
      const share = (figure: keyof Measured) =>
        ratio(
          median(
            found[kind].map((round, index) => round[figure] / (alone?.found[kind][index]?.[figure] ?? Number.NaN)),
          ),
        );
      const cpu = (figure: 'node' | 'postgres') => `${of(figure).toFixed(3)} ms (× ${share(figure)})`;
      const rate = `${perSecond(of('perSecond'))} (× ${share('perSecond')})`;
      const count = replicas.length;
      return reference(
        `${kind}, ${count} ${count === 1 ? 'replica' : 'replicas'}`,
        `node ${cpu('node')}, Postgres ${cpu('postgres')} a request; ${rate}, p99 ${milliseconds(of('p99'))}`,
      );
    }),
  );
}
