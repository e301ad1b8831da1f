import type { RefusedAttempts } from './audit/refused-attempts.ts';
import { type EventLog, WrongExpectedRevision } from './ports/event-log.ts';
import type { Metrics } from './ports/metrics.ts';
import { MintingFailed, type PasswordMinter } from './ports/password-minter.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';

/** Counts denials, whether or not the audit log records each by itself. */
export function meteredAttempts(attempts: RefusedAttempts, metrics: Pick<Metrics, 'attemptDenied'>): RefusedAttempts {
  return {
    ...attempts,
    recordDenied(context, attempt) {
      metrics.attemptDenied(attempt.action);
      return attempts.recordDenied(context, attempt);
    },
  };
}

/** Times appends and counts those that failed. A refusal by the log is an answer and does not count. */
export function meteredEventLog(log: EventLog, metrics: Pick<Metrics, 'appendFinished' | 'appendFailed'>): EventLog {
  return {
    ...log,
    async append(stream, expected, events, options) {
      const startedAt = performance.now();
      try {
        return await log.append(stream, expected, events, options);
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) metrics.appendFailed();
        throw error;
      } finally {
        metrics.appendFinished(secondsSince(startedAt));
      }
    },
  };
}

export function meteredProbe(probe: RegistryProbe, metrics: Pick<Metrics, 'registryTested'>): RegistryProbe {
  return {
    ...probe,
    async probe(request) {
      const report = await probe.probe(request);
      metrics.registryTested({ outcome: report.outcome, seconds: report.durationMs / 1000 });
      return report;
    },
  };
}

export function meteredMinter(minter: PasswordMinter, metrics: Pick<Metrics, 'passwordMinted'>): PasswordMinter {
  return {
    ...minter,
    async mint(request) {
      const { kind } = request.mint;
      const startedAt = performance.now();
      try {
        const password = await minter.mint(request);
        metrics.passwordMinted({ kind, fault: undefined, seconds: secondsSince(startedAt) });
        return password;
      } catch (error) {
        if (error instanceof MintingFailed) {
          metrics.passwordMinted({ kind, fault: error.fault, seconds: secondsSince(startedAt) });
        }
        throw error;
      }
    },
  };
}

/** Times each batch of events that is applied to the read models. */
export function meteredBatches(metrics: Pick<Metrics, 'batchProjected'>) {
  return async <Result>(_events: number, apply: () => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    try {
      return await apply();
    } finally {
      metrics.batchProjected(secondsSince(startedAt));
    }
  };
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
