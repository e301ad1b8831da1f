import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { ask, type GraphqlAnswer } from '../support/purser.ts';
import type { PurserHome } from '../support/purser-process.ts';
import { type Ledger, type Mutation, PROJECTS, SUBJECT } from './ledger.ts';

const WRITERS = 8;
/**
 * No answer within this time counts as a hang: the waits of an operation end in 13 s, whatever is wrong with the stores. The rest is
 * for a machine that is busy with others.
 */
const ANSWER_WITHIN_MS = 20_000;
/** The first pause after an answer that leaves the outcome unknown. Each further one is twice as long, up to the longest. */
const RETRY_MS = 50;
const LONGEST_RETRY_MS = 200;
/** A random pause, so that the next step comes at any point of the running work. */
const MOMENT_MS = 20;

/** How many answers had each code; `ok`, `lost` if the connection broke, `hung` if no answer came. */
export type Tally = Map<string, number>;

export interface Client {
  readonly tally: Tally;
  /**
   * Sends it once. A lost connection and UNAVAILABLE leave its outcome unknown.
   * @throws Error if the service has ended by itself
   */
  send(mutation: Mutation): Promise<GraphqlAnswer | undefined>;
  /** Sends it until something certain is heard. */
  settle(mutation: Mutation): Promise<void>;
  graphql(query: string, variables: Record<string, unknown>): Promise<GraphqlAnswer>;
}

/** The URL is asked for with each request, so that it may be another replica's each time. */
export function createClient(
  home: Pick<PurserHome, 'url' | 'issuer' | 'requireRunning'>,
  { answerWithinMs = ANSWER_WITHIN_MS } = {},
): Client {
  const token = home.issuer.token({
    subject: SUBJECT,
    projects: Object.fromEntries(PROJECTS.map((project) => [project, Object.values(PERMISSIONS)])),
  });
  const tally: Tally = new Map();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);

  async function graphql(query: string, variables: Record<string, unknown>): Promise<GraphqlAnswer> {
    return ask(home.url, query, variables, token, AbortSignal.timeout(answerWithinMs));
  }

  async function send(mutation: Mutation): Promise<GraphqlAnswer | undefined> {
    let answer: GraphqlAnswer;
    try {
      answer = await graphql(mutation.query, mutation.variables);
    } catch (error) {
      count(error instanceof Error && error.name === 'TimeoutError' ? 'hung' : 'lost');
      await home.requireRunning();
      return undefined;
    }
    const code = answer.errors?.[0]?.extensions.code ?? (answer.data ? 'ok' : 'stopping');
    count(code);
    hear(mutation, answer, code);
    return answer;
  }

  return {
    tally,
    send,
    graphql,
    async settle(mutation) {
      await untilCertain(mutation, send, () => true);
    },
  };
}

/** Like a client: again with the same key, after longer and longer pauses, so that an outage gets no busier by its clients. */
async function untilCertain(mutation: Mutation, send: Client['send'], goesOn: () => boolean): Promise<void> {
  for (let pauseMs = RETRY_MS; goesOn() && mutation.outcome.kind === 'unknown'; ) {
    await send(mutation);
    if (mutation.outcome.kind !== 'unknown' || !goesOn()) return;
    await delay(pauseMs);
    pauseMs = Math.min(2 * pauseMs, LONGEST_RETRY_MS);
  }
}

function hear(mutation: Mutation, answer: GraphqlAnswer, code: string): void {
  if (mutation.outcome.kind !== 'unknown') return;
  switch (code) {
    case 'ok':
      mutation.outcome = { kind: 'acknowledged', answer };
      if (mutation.kind === 'create') mutation.registry.created = true;
      return;
    case 'UNAVAILABLE':
    case 'stopping':
      return;
    case 'CREDENTIAL_UNAVAILABLE':
      mutation.outcome = { kind: 'withheld' };
      return;
    default:
      mutation.outcome = { kind: 'refused', code };
  }
}

export interface Load {
  /** Resolves when so many more answers were `ok`, and then a moment later. Rejects if the service has ended by itself. */
  reaches(answers: number): Promise<void>;
  /** Resolves when all clients have stopped, also at the end of a test that failed. */
  stop(): Promise<void>;
}

/** Several clients at work, until they are stopped or their test is over. `pauseMs`: each one's, at most, after a mutation. */
export function startLoad(ledger: Ledger, client: Client, { pauseMs = 0 } = {}): Load {
  let stopped = false;
  let fault: unknown;
  const okAtStart = client.tally.get('ok') ?? 0;

  async function write(): Promise<void> {
    while (!stopped) {
      const mutation = next(ledger);
      await untilCertain(mutation, client.send, () => !stopped);
      if (pauseMs > 0 && !stopped) await delay(Math.random() * pauseMs);
    }
  }

  const writing = Promise.all(Array.from({ length: WRITERS }, write)).catch((error: unknown) => {
    stopped = true;
    fault = error;
  });
  async function stop(): Promise<void> {
    stopped = true;
    await writing;
    if (fault !== undefined) throw fault;
  }
  onTestFinished(() => {
    stopped = true;
  });
  return {
    async reaches(answers) {
      while (!stopped && (client.tally.get('ok') ?? 0) < okAtStart + answers) await delay(1);
      if (fault !== undefined) throw fault;
      await delay(Math.random() * MOMENT_MS);
    },
    stop,
  };
}

function next(ledger: Ledger): Mutation {
  const created = ledger.registries.filter((registry) => registry.created);
  const registry = created[Math.floor(Math.random() * created.length)];
  const choice = Math.random();
  if (!registry || choice < 0.08) return ledger.create();
  if (choice < 0.5) return ledger.rotate(registry);
  const lease = choice > 0.8 ? ledger.takeLease() : undefined;
  return lease ? ledger.release(lease.leaseId, lease.registry) : ledger.issue(registry);
}
