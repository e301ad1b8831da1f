import type { Aggregates } from './aggregates.ts';
import type { CredentialTests } from './credential-tests.ts';
import { systemMetadata } from './event-metadata.ts';
import type { LoginCredentials } from './login-credential.ts';
import type { RegistryQueries } from './ports/read-models.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';

const BATCH = 20;
/** A part of the interval by which each check comes later, so that registries are not asked all at once. */
const JITTER = 0.2;

export interface ScheduledChecksParts {
  readonly registries: RegistryQueries;
  readonly aggregates: Aggregates;
  readonly logins: LoginCredentials;
  readonly probe: RegistryProbe;
  readonly tests: Pick<CredentialTests, 'record'>;
  /** Milliseconds between two checks of one registry. */
  readonly intervalMs: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly onFault: (error: unknown) => void;
}

/**
 * Logs in to the registries whose last test is longer ago than the interval; for the leader alone. A registry that
 * refused its credential is left alone until that is rotated or tested by hand: providers ban whoever keeps trying.
 * Gives how many were checked.
 */
export function scheduledChecks(parts: ScheduledChecksParts): (signal: AbortSignal) => Promise<number> {
  const { registries, aggregates, logins, probe, tests, intervalMs, now, random, onFault } = parts;

  async function check(registryId: string): Promise<void> {
    const { state } = await aggregates.registry(registryId);
    if (state.phase !== 'live') return;
    const login = await logins(state, 'PULL');
    if (!login) return;
    const { url, provider, caCertificate, access } = state;
    const { username, password } = login;
    const report = await probe.probe({ url, provider, username, password, caCertificate, repository: null, access });
    await tests.record(state, report, { metadata: systemMetadata(state.projectId), scheduled: true });
  }

  return async (signal) => {
    const due = new Date(now() - intervalMs * (1 + JITTER * random())).toISOString();
    const ids = await registries.dueForCheck(due, BATCH);
    let checked = 0;
    for (const id of ids) {
      if (signal.aborted) break;
      try {
        await check(id);
        checked += 1;
      } catch (error) {
        onFault(error);
      }
    }
    return checked;
  };
}
