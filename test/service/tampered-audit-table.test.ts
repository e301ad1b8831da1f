import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../src/adapters/postgres/audit-heads.ts';
import { rebuildReadModels } from '../../src/adapters/postgres/read-models/rebuild.ts';
import { TYPE_PARSERS } from '../../src/adapters/postgres/type-parsers.ts';
import { signAuditHeads } from '../../src/application/audit/sign-audit-heads.ts';
import { openAuditExport } from '../../src/composition/audit-export.ts';
import { chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import type { ChainedEntry } from '../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import { answerOf, answersOfPython, mistake } from '../support/audit-answers.ts';
import { createHeadKey, PROJECT } from '../support/audit-exports.ts';
import { canary } from '../support/canary.ts';
import type { TamperedExport } from '../support/export-tamperings.ts';
import { openEvents } from '../support/open-events.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { projectorClient, trusting } from '../support/read-models.ts';
import { skipReason } from '../support/required-tools.ts';
import { CREATE, ISSUE } from './operations.ts';

const TAMPERINGS = 1_000;
const ENTRIES = 24;
const key = createHeadKey();
let purser: TestPurser;
let client: pg.Client;
let entries: ChainedEntry[];
let heads: SignedAuditHead[];
beforeAll(async () => {
  purser = await startPurser();
  client = new pg.Client({ connectionString: purser.connectionString, types: TYPE_PARSERS });
  await client.connect();
  const sign = signAuditHeads({
    heads: createAuditHeads(client),
    signer: { refresh: async () => undefined, sign: (head) => key.sign(head) },
    instance: 'test',
    metrics: { headsSigned: () => undefined, chainsBroken: () => undefined },
    now: Date.now,
    onBroken: () => undefined,
  });
  const isSignedAfter = new Set([3, 4, 9, 15, 21, ENTRIES]);
  for (let entry = 1; entry <= ENTRIES; entry += 1) {
    await act(entry);
    if (isSignedAfter.has(entry)) await sign();
  }
  const lines = await exported();
  entries = lines.flatMap((line) => (line.includes('"record":"entry"') ? [JSON.parse(line)] : []));
  heads = (await createAuditHeads(client).list(PROJECT, { first: 100, before: undefined })).heads.toReversed();
});
afterAll(async () => {
  await client.end();
  await purser.stop();
});

/** Each makes one entry, which the query waits for. */
async function act(number: number): Promise<void> {
  const input = { image: '1.example/app', pipeline: `web-${number}`, runId: String(number) };
  const registry = { url: `${number}.example`, username: 'ada', password: canary('tampered') };
  const { errors } = await (number % 4 === 1
    ? purser.graphql(CREATE, { input: registry })
    : purser.graphql(ISSUE, { input }));
  expect(errors).toBeUndefined();
  await purser.graphql('{ auditHeads(projectId: "demo", first: 1) { nodes { sequence } } }');
}

async function exported(): Promise<string[]> {
  let text = '';
  for await (const page of openAuditExport(client)({ projectId: PROJECT, from: null, to: null }, 'ndjson'))
    text += page;
  return text.slice(0, -1).split('\n');
}

type Sql = readonly [text: string, ...values: unknown[]];

interface Change {
  readonly how: string;
  readonly sql: readonly Sql[];
  readonly found: TamperedExport['found'];
  readonly vouched: number;
  readonly withAnchor?: boolean;
}

const TABLE = 'read_models.audit_entries';
const COLUMNS = [
  'action',
  'outcome',
  'code',
  'field',
  'actor',
  'issuer',
  'token_id',
  'ip_address',
  'user_agent',
  'request_id',
];
const MORE_COLUMNS = ['url', 'pipeline', 'run_id', 'image', 'hash'];

/** What somebody who can write to the table may do. */
function changes(): fc.Arbitrary<Change> {
  const sequence = fc.integer({ min: 1, max: ENTRIES });
  const pair = fc.tuple(sequence, sequence).filter(([a, b]) => a < b);
  const vouchedBefore = (number: number) => heads.findLast((head) => head.sequence < number)?.sequence ?? 0;
  const headFrom = (number: number) => heads.find((head) => head.sequence >= number)?.sequence ?? ENTRIES;
  const at = (number: number) => entries[number - 1] as ChainedEntry;
  const found = (number: number) => ({ found: { sequence: number }, vouched: vouchedBefore(number) });
  const unguarded = ['alter table log.signed_heads disable trigger append_only'] as const;
  const withoutHeads = (from: number) =>
    [unguarded, ['delete from log.signed_heads where sequence >= $1', from]] as const;
  /** All hashes from the entry on, computed again by the one who changed it. */
  const rewritten = (number: number): Change['sql'] => {
    let previous = at(number - 1)?.hash ?? firstPreviousHash(PROJECT);
    const hashes = entries.slice(number - 1).map((entry, index) => {
      previous = chainHash(previous, entry.sequence, index === 0 ? { ...entry, actor: 'mallory' } : entry);
      return { sequence: entry.sequence, hash: previous };
    });
    return [
      [`update ${TABLE} set actor = 'mallory' where sequence = $1`, number],
      [
        `update ${TABLE} e set hash = n.hash from json_to_recordset($1) as n (sequence bigint, hash text) where e.sequence = n.sequence`,
        JSON.stringify(hashes),
      ],
    ];
  };
  return fc.oneof<fc.Arbitrary<Change>[]>(
    fc.tuple(sequence, fc.constantFrom(...COLUMNS, ...MORE_COLUMNS)).map(
      ([number, column]): Change => ({
        how: `edited ${column} of ${number}`,
        sql: [
          [`update ${TABLE} set ${column} = case ${column} when 'x' then 'y' else 'x' end where sequence = $1`, number],
        ],
        ...found(number),
      }),
    ),
    fc.tuple(sequence, fc.constantFrom('count', 'duration_ms')).map(
      ([number, column]): Change => ({
        how: `edited ${column} of ${number}`,
        sql: [[`update ${TABLE} set ${column} = coalesce(${column}, 0) + 1 where sequence = $1`, number]],
        ...found(number),
      }),
    ),
    sequence.map(
      (number): Change => ({
        how: `moved ${number} in time`,
        sql: [[`update ${TABLE} set occurred_at = occurred_at - interval '1 day' where sequence = $1`, number]],
        ...found(number),
      }),
    ),
    sequence.map(
      (number): Change => ({
        how: `deleted ${number}`,
        sql: [[`delete from ${TABLE} where sequence = $1`, number]],
        ...found(number),
      }),
    ),
    pair.map(
      ([a, b]): Change => ({
        how: `swapped ${a} and ${b}`,
        sql: [
          [`update ${TABLE} set sequence = 0 where sequence = $1`, a],
          [`update ${TABLE} set sequence = $1 where sequence = $2`, a, b],
          [`update ${TABLE} set sequence = $1 where sequence = 0`, b],
        ],
        ...found(a),
      }),
    ),
    pair.map(
      ([a, b]): Change => ({
        how: `inserted a copy of ${a} before ${b}`,
        sql: [
          [`update ${TABLE} set sequence = -sequence where sequence >= $1`, b],
          [`update ${TABLE} set sequence = 1 - sequence where sequence < 0`],
          [
            `insert into ${TABLE} select (jsonb_populate_record(e, jsonb_build_object('sequence', $2::int))).* from ${TABLE} e where sequence = $1`,
            a,
            b,
          ],
        ],
        ...found(b),
      }),
    ),
    sequence.map(
      (number): Change => ({
        how: `cut from ${number} on`,
        sql: [[`delete from ${TABLE} where sequence >= $1`, number]],
        ...found(number),
      }),
    ),
    fc.tuple(sequence, fc.boolean()).map(
      ([number, withAnchor]): Change => ({
        how: `cut from ${number} on with the heads`,
        sql: [[`delete from ${TABLE} where sequence >= $1`, number], ...withoutHeads(number)],
        found: withAnchor ? { sequence: number } : undefined,
        vouched: vouchedBefore(number),
        withAnchor,
      }),
    ),
    sequence.map(
      (number): Change => ({
        how: `rewritten from ${number} on`,
        sql: rewritten(number),
        ...found(headFrom(number)),
      }),
    ),
    fc.tuple(sequence, fc.boolean()).map(
      ([number, withAnchor]): Change => ({
        how: `rewritten from ${number} on without later heads`,
        sql: [...rewritten(number), ...withoutHeads(number)],
        found: withAnchor ? { sequence: headFrom(number) } : undefined,
        vouched: vouchedBefore(number),
        withAnchor,
      }),
    ),
  );
}

async function exportAfter({ how, sql, found, vouched, withAnchor = false }: Change): Promise<TamperedExport> {
  await client.query('begin');
  try {
    for (const [text, ...values] of sql) await client.query(text, values);
    return { how, lines: await exported(), found, vouched, withAnchor };
  } finally {
    await client.query('rollback');
  }
}

describe("a project's audit log in the database", () => {
  it(`shows each of ${TAMPERINGS} tamperings at the right row, to both verifiers`, async () => {
    const tampered: TamperedExport[] = [];
    for (const change of fc.sample(changes(), { numRuns: TAMPERINGS, seed: 20_260_302 })) {
      tampered.push(await exportAfter(change));
    }
    const ours = tampered.map((each) => mistake(each, answerOf(each, { key, heads })));
    expect(ours.filter((each) => each !== undefined)).toEqual([]);
    if (skipReason('python3') !== undefined) return;
    const answers = await answersOfPython(tampered, { key, heads });
    const theirs = tampered.map((each, index) => mistake(each, answers[index]));
    expect(theirs.filter((each) => each !== undefined)).toEqual([]);
    expect(answers).toEqual(tampered.map((each) => answerOf(each, { key, heads })));
  }, 180_000);

  it('has the same hashes after a rebuild, which the signed heads still vouch for', async () => {
    const withoutTime = (lines: readonly string[]) => lines.slice(1);
    const before = withoutTime(await exported());
    const log = openEvents(purser.environment);
    try {
      await rebuildReadModels({
        log,
        authenticator: trusting,
        connect: (options) => projectorClient(purser.connectionString, options),
      });
    } finally {
      await log.close();
    }
    const lines = await exported();
    expect(withoutTime(lines)).toEqual(before);
    const whole = { how: 'rebuilt', lines, withAnchor: true, found: undefined, vouched: ENTRIES };
    expect(answerOf(whole, { key, heads })).toEqual({ found: null, vouched: ENTRIES });
  });
});
