import { setTimeout as delay } from 'node:timers/promises';
import { REFUSALS } from '../../domain/probe-outcome.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { ProbeReport } from '../ports/registry-probe.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';
import type { AuthorisedRegistry } from './stored-secrets.ts';

/** Longer than a restart of a token server, and than a cloud's refusal is remembered for. */
const BEFORE_SECOND_TRY_MS = 20_000;

/** Waits before a refusal is confirmed. @throws AbortError if the service stops */
export type BeforeSecondTry = (signal: AbortSignal) => Promise<void>;

export const beforeSecondTry: BeforeSecondTry = async (signal) => {
  await delay(BEFORE_SECOND_TRY_MS, undefined, { signal });
};

/**
 * Logs in as a pipeline that pulls. Where the registry asks nobody for a login, only a repository shows whether the
 * credential is good, if any is known.
 */
export async function checkCredential(
  testStored: TestStoredCredential,
  authorised: AuthorisedRegistry,
  registry: LiveRegistry,
  repository: string | null,
): Promise<ProbeReport | undefined> {
  const report = await testStored(authorised, registry, { purpose: 'PULL', repository: null });
  if (report?.detail !== 'NO_LOGIN_ASKED' || repository === null) return report;
  return testStored(authorised, registry, { purpose: 'PULL', repository });
}

/** Tests once more if the credential was refused: only the second finding counts, so that no passing fault is told. */
export async function confirmedTest(
  test: () => Promise<ProbeReport | undefined>,
  pause: () => Promise<void>,
): Promise<ProbeReport | undefined> {
  const first = await test();
  if (first === undefined || !REFUSALS.includes(first.outcome)) return first;
  await pause();
  return test();
}
