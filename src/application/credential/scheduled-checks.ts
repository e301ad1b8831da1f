import { UNDECIDED } from '../../domain/probe-outcome.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { CheckCursor, CheckDue, CheckSchedule } from '../ports/read-models.ts';
import { systemMetadata } from '../request-context.ts';
import { type BeforeSecondTry, checkCredential, confirmedTest } from './credential-checks.ts';
import type { CredentialTests } from './credential-tests.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';

/** The most checks in one round. This spreads registries that were never checked over several rounds. */
const BATCH = 100;
/** How many checks run at a time. A registry that does not answer blocks only one of them. */
const AT_A_TIME = 5;
/** Checks are spread over this share of the interval. */
const SPREAD = 0.2;
/** A registry that refused its credential is asked no more often: providers ban repeated attempts. */
const REFUSED_EVERY_MS = 86_400_000;
/** How soon a check is tried again that failed on our side, as in an outage of the database. */
const AFTER_FAULT_MS = 300_000;
/** Every round's query names them. If there are more, the first ones are asked again early. */
const MAX_SET_ASIDE = 2000;

export interface ScheduledChecksDeps {
  readonly checkSchedule: CheckSchedule;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly testStored: TestStoredCredential;
  readonly tests: Pick<CredentialTests, 'record'>;
  /** Milliseconds between two checks of one registry. */
  readonly intervalMs: number;
  /** Whether this replica still leads. */
  readonly leading: () => boolean;
  readonly beforeSecondTry: BeforeSecondTry;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

/**
 * Logs in to the registries whose last test is older than the interval. Only the leader does this. A refusal is confirmed
 * by a second try before it is recorded; then the registry is asked once a day, until it accepts the credential again.
 * Returns how many registries were checked.
 */
export function scheduledChecks(deps: ScheduledChecksDeps): (signal: AbortSignal) => Promise<number> {
  const { checkSchedule, aggregates, testStored, tests, intervalMs, leading, beforeSecondTry, now, onFault } = deps;
  /** Registries whose check gave no finding, and until when to skip them. They would come first in every round. */
  const setAside = new Map<string, number>();
  /** Where the next round goes on. */
  let after: CheckCursor | undefined;

  function setAsideFor(registryId: string, milliseconds: number): void {
    setAside.delete(registryId);
    const [oldest] = setAside.keys();
    if (oldest !== undefined && setAside.size >= MAX_SET_ASIDE) setAside.delete(oldest);
    setAside.set(registryId, now() + milliseconds);
  }

  async function check(due: CheckDue, signal: AbortSignal): Promise<void> {
    const { projectId, registryId, refused, repository } = due;
    const { state } = await aggregates.loadRegistry(projectId, registryId);
    if (state.phase !== 'live') return setAsideFor(registryId, intervalMs);
    const test = () => checkCredential(testStored, due, state, repository);
    const report = refused ? await test() : await confirmedTest(test, () => beforeSecondTry(signal));
    if (report) await tests.record(state, report, { metadata: systemMetadata(projectId), scheduled: true });
    // It stays due, and would be asked again at once by a service that is banned or throttled.
    if (!report || UNDECIDED.includes(report.outcome)) setAsideFor(registryId, intervalMs);
  }

  return async (signal) => {
    if (!leading()) return 0;
    const at = now();
    for (const [id, until] of setAside) if (until <= at) setAside.delete(id);
    const { due, next } = await checkSchedule.due({
      testedBefore: new Date(at - intervalMs).toISOString(),
      spreadMs: intervalMs * SPREAD,
      refusedBefore: new Date(at - Math.max(intervalMs, REFUSED_EVERY_MS)).toISOString(),
      except: [...setAside.keys()],
      limit: BATCH,
      after,
    });
    after = next;
    const waiting = due.values();
    let checked = 0;

    async function checkWaiting(): Promise<void> {
      for (const one of waiting) {
        if (signal.aborted || !leading()) return;
        checked += 1;
        await check(one, signal).catch((error: unknown) => {
          if (signal.aborted) return;
          setAsideFor(one.registryId, Math.min(intervalMs, AFTER_FAULT_MS));
          onFault(error);
        });
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, checkWaiting));
    return checked;
  };
}
