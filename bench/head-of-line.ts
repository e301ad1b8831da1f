import { milliseconds } from './figures.ts';
import { operation } from './graphql.ts';
import { GROWN } from './grown-project.ts';
import { startHttpLoad } from './http-load.ts';
import { type PurserEnvironment, startPurser } from './purser-process.ts';
import { type Row, reference } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const WARM_UP_MS = 1_000;
const ROUND_MS = 5_000;
/** Each chore comes round in a minute. */
const MINUTE_MS = 60_000;
/** Projects of this size are looked at for a minute: what a chore costs shows in them. */
const LARGE = 1_000_000;
const SEARCHERS = 16;
const GOAL_MS = 30;

const LIST = `query ($projectId: ID!) { registries(projectId: $projectId, first: 20) { nodes { id name url } } }`;
const SEARCH = `query ($projectId: ID!) {
  auditLog(projectId: $projectId, first: 20, filter: { search: "nothing-has-this" }) { nodes { sequence } } }`;

/** How long a small list takes alone, and beside callers who search an audit log for what is not in it. */
export async function benchHeadOfLine(
  environment: PurserEnvironment,
  issuer: TokenIssuer,
  scale: number,
): Promise<Row[]> {
  const token = await issuer.token(GROWN);
  const purser = await startPurser(environment);
  const [lists, searches] = [startHttpLoad(), startHttpLoad()];
  const list = (ms: number) =>
    lists.run({
      url: purser.url,
      token,
      connections: 1,
      milliseconds: ms,
      bodies: [operation(LIST, { projectId: GROWN })],
      repeat: true,
    });
  try {
    await list(WARM_UP_MS);
    const alone = await list(scale < LARGE ? ROUND_MS : MINUTE_MS);
    const searching = searches.run({
      url: purser.url,
      token,
      connections: SEARCHERS,
      milliseconds: ROUND_MS,
      bodies: [operation(SEARCH, { projectId: GROWN })],
      repeat: true,
      // Of one project only so many searches are done at a time. What is refused meanwhile is not what is measured.
      mayFail: true,
    });
    const [beside] = await Promise.all([list(ROUND_MS), searching]);
    return [
      reference('small list, p90 alone', milliseconds(alone.p90)),
      ...(scale < LARGE ? [] : [reference('… worst in a minute', milliseconds(alone.worst))]),
      {
        what: `… beside ${SEARCHERS} searching callers`,
        measured: milliseconds(beside.p90),
        goal: `≤ ${GOAL_MS} ms`,
        met: beside.p90 <= GOAL_MS,
      },
    ];
  } finally {
    await Promise.all([lists.stop(), searches.stop(), purser.stop()]);
  }
}
