import { cpuSeconds, postgresCpu } from './cpu-time.ts';
import { median, milliseconds, perSecond, ratio } from './figures.ts';
import { operation } from './graphql.ts';
import { type HttpLoad, startHttpLoad } from './http-load.ts';
import { type PurserEnvironment, type PurserProcess, startPurser } from './purser-process.ts';
import { issueBody, PROJECT } from './registries.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const COUNTS = [1, 2, 4] as const;
/** The same for every number of replicas, which share them. */
const CONNECTIONS = 32;
const ROUNDS = 3;
const WARM_UP_MS = 1_500;
const ROUND_MS = 2_000;

const LIST = operation(
  `query ($projectId: ID!, $first: Int) { registries(projectId: $projectId, first: $first) {
    nodes { id url name revision credential { version kind status } } pageInfo { hasNextPage endCursor } } }`,
  { projectId: PROJECT, first: 20 },
);

interface Measured {
  readonly perSecond: number;
  readonly p99: number;
  /** Milliseconds of CPU a request: of all replicas, and of Postgres. */
  readonly node: number;
  readonly postgres: number;
}

type Kind = 'issue' | 'list';

/**
 * What 1, 2 and 4 replicas on one Postgres cost: CPU a request, and how many requests the machine answers. On few cores more
 * replicas cannot be faster; the figures show what it costs that they wait for each other.
 */
export async function benchReplicas(
  environment: PurserEnvironment,
  issuer: TokenIssuer,
  registries: number,
): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const cpuOfPostgres = await postgresCpu(environment.DATABASE_URL ?? '');
  const loads = COUNTS.map(() => startHttpLoad());
  loads.push(startHttpLoad());
  const bodies: Record<Kind, readonly string[]> = {
    issue: Array.from({ length: registries }, (_, index) => issueBody(index + 1)),
    list: [LIST],
  };
  const measured = new Map<string, Measured[]>();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const count of COUNTS) {
        const replicas = await Promise.all(Array.from({ length: count }, () => startPurser(environment)));
        try {
          for (const kind of ['issue', 'list'] as const) {
            const run = (ms: number) => runOn(replicas, loads, token, bodies[kind], ms);
            await run(WARM_UP_MS);
            const key = `${kind} ${count}`;
            measured.set(key, [
              ...(measured.get(key) ?? []),
              await withCpu(replicas, cpuOfPostgres, () => run(ROUND_MS)),
            ]);
          }
        } finally {
          await Promise.all(replicas.map((replica) => replica.stop()));
        }
      }
    }
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
  return (['issue', 'list'] as const).flatMap((kind) => {
    const of = (count: number, figure: keyof Measured) =>
      median((measured.get(`${kind} ${count}`) ?? []).map((each) => each[figure]));
    return COUNTS.map((count) => {
      const cpu = (figure: 'node' | 'postgres') =>
        `${of(count, figure).toFixed(3)} ms (× ${ratio(of(count, figure) / of(1, figure))})`;
      const rate = `${perSecond(of(count, 'perSecond'))} (× ${ratio(of(count, 'perSecond') / of(1, 'perSecond'))})`;
      return reference(
        `${kind}, ${count} ${count === 1 ? 'replica' : 'replicas'}`,
        `node ${cpu('node')}, Postgres ${cpu('postgres')} a request; ${rate}, p99 ${milliseconds(of(count, 'p99'))}`,
      );
    });
  });
}

async function runOn(
  replicas: readonly PurserProcess[],
  loads: readonly HttpLoad[],
  token: string,
  bodies: readonly string[],
  ms: number,
): Promise<{ requests: number; perSecond: number; p99: number }> {
  const connections = CONNECTIONS / replicas.length;
  const results = await Promise.all(
    replicas.map(async ({ url }, index) => {
      const load = loads[index];
      if (load === undefined) throw new Error('there are more replicas than processes that make load');
      return load.run({ url, token, connections, milliseconds: ms, bodies, repeat: true });
    }),
  );
  const rate = results.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
  return { requests: rate * (ms / 1_000), perSecond: rate, p99: Math.max(...results.map(({ p99 }) => p99)) };
}

async function withCpu(
  replicas: readonly PurserProcess[],
  cpuOfPostgres: () => number,
  run: () => Promise<{ requests: number; perSecond: number; p99: number }>,
): Promise<Measured> {
  const pids = replicas.map(({ pid }) => pid);
  const before = { node: cpuSeconds(pids), postgres: cpuOfPostgres() };
  const { requests, perSecond: rate, p99 } = await run();
  return {
    perSecond: rate,
    p99,
    node: ((cpuSeconds(pids) - before.node) * 1_000) / requests,
    postgres: ((cpuOfPostgres() - before.postgres) * 1_000) / requests,
  };
}
