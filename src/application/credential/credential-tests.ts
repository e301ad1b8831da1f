import type { MintConfig } from '../../domain/credential.ts';
import { diagnose } from '../../domain/diagnosis.ts';
import { PurserError, rateLimited } from '../../domain/errors.ts';
import { accessStream, healthStream, registryStream } from '../../domain/identity.ts';
import { callerKey } from '../../domain/permissions.ts';
import type { ProbeOutcome, TestFindings } from '../../domain/probe-outcome.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { decideLearnExpiry, type LiveRegistry } from '../../domain/registry.ts';
import { type HealthView, healthAfterTest } from '../../domain/registry-view.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { elsewhere } from '../operation-time.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';
import type { ProbeReport, ProbeRequest } from '../ports/registry-probe.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { RequestContext, TimedMetadata } from '../request-context.ts';
import type { TestEnteredCredential } from './entered-credential-test.ts';

/** What a test found, with the registry's provider and URL: advice depends on them. */
export interface TestedHealth {
  readonly health: HealthView;
  readonly provider: RegistryProvider;
  readonly url: string;
}

export interface CredentialTestsDeps {
  readonly writer: EventWriter;
  readonly aggregates: AggregateStore;
  readonly testEntered: TestEnteredCredential;
  readonly limiter: RateLimiter;
  readonly sharedNow: SharedNow;
}

export interface CredentialTests {
  /**
   * Runs the test if the limit of the project, and the caller's share of it, allow it. The limit covers requests to a
   * cloud as well.
   * @throws PurserError RATE_LIMITED, and whatever `test` throws
   */
  run(context: RequestContext, projectId: string, test: () => Promise<ProbeReport>): Promise<ProbeReport>;
  /**
   * Tests a credential that is not stored, within the limit. With `mint` the request holds a cloud's, and the test uses a
   * password minted from it.
   * @throws PurserError RATE_LIMITED
   */
  runEntered(
    context: RequestContext,
    projectId: string,
    request: ProbeRequest,
    mint: MintConfig | null,
  ): Promise<ProbeReport>;
  /**
   * Like `runEntered`, but throws if the login is not proved.
   * @throws PurserError VERIFICATION_FAILED
   */
  verify(
    context: RequestContext,
    projectId: string,
    request: ProbeRequest,
    mint: MintConfig | null,
  ): Promise<ProbeReport>;
  /** Before it resolves, writes what a test of the stored credential found, and the expiry that it learnt. */
  record(registry: LiveRegistry, report: ProbeReport, how: Recording): Promise<HealthView>;
  /** The same for a credential that is not stored. */
  recordUnstored(projectId: string, url: string, report: ProbeReport, metadata: TimedMetadata): Promise<HealthView>;
}

export interface Recording {
  readonly metadata: TimedMetadata;
  readonly scheduled: boolean;
}

/** Tests credentials against their registries: limits tests by project and caller, and records what they find. */
export function createCredentialTests(deps: CredentialTestsDeps): CredentialTests {
  const { writer, aggregates, testEntered, limiter, sharedNow } = deps;

  const run: CredentialTests['run'] = async (context, projectId, test) => {
    const wait = await limiter.take(projectId, callerKey(context.principal));
    if (wait > 0) {
      throw rateLimited(
        'This project has used its 10 tests for this minute, or this caller its 7 of them. Wait a minute.',
        wait,
      );
    }
    return elsewhere(context, test);
  };

  /** Goes to the registry's own stream, because issuing reads that one. */
  async function learnExpiry(registry: LiveRegistry, report: ProbeReport, metadata: TimedMetadata): Promise<void> {
    const { projectId, registryId } = registry;
    const { state, revision } = await aggregates.loadRegistry(projectId, registryId);
    const events = decideLearnExpiry(state, registry.credential.version, report.expiresAt);
    if (events.length === 0) return;
    try {
      await writer.write({ stream: registryStream(projectId, registryId), expected: revision, events, metadata });
    } catch (error) {
      // Someone changed the registry meanwhile. The next test learns the date again.
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }

  const runEntered: CredentialTests['runEntered'] = (context, projectId, request, mint) =>
    run(context, projectId, () => testEntered(projectId, request, mint));

  return {
    run,
    runEntered,

    async verify(context, projectId, request, mint) {
      const report = await runEntered(context, projectId, request, mint);
      if (report.login === 'PROVED') return report;
      throw notVerified(report.outcome, diagnose({ provider: request.provider, url: request.url, ...report }));
    },

    async record(registry, report, { metadata, scheduled }) {
      const { projectId, registryId, url, credential } = registry;
      const data = { ...findings(url, report), registryId, credentialVersion: credential.version, scheduled };
      const { at: testedAt } = await writer.write({
        stream: healthStream(projectId, registryId),
        expected: 'any',
        events: [{ type: 'RegistryTested', data }],
        metadata: told(metadata, report),
        // Notices have this time.
        at: await sharedNow(),
      });
      await learnExpiry(registry, report, metadata);
      return healthAfterTest(null, { data }, testedAt);
    },

    async recordUnstored(projectId, url, report, metadata) {
      const { at: testedAt } = await writer.write({
        stream: accessStream(projectId),
        expected: 'any',
        events: [{ type: 'CredentialsTested', data: findings(url, report) }],
        metadata: told(metadata, report),
      });
      return { testedAt, credentialVersion: null, ...verdicts(report) };
    },
  };
}

function notVerified(outcome: ProbeOutcome, advice: string | null): PurserError {
  return new PurserError(
    'VERIFICATION_FAILED',
    `Nothing was stored, because the login was not proved. ${advice ?? ''}`.trim(),
    {
      outcome,
    },
  );
}

function findings(url: string, report: ProbeReport): TestFindings {
  return { url, ...verdicts(report) };
}

function verdicts({ outcome, detail, facts, login, pull, push, method, repository, durationMs }: ProbeReport) {
  return {
    outcome,
    detail,
    ...(facts && Object.keys(facts).length > 0 && { facts }),
    login,
    pull,
    push,
    method,
    repository,
    durationMs: tellsTime(outcome) ? durationMs : 0,
  };
}

/** Does the same for the command around the test: the audit log shows its duration. */
function told(metadata: TimedMetadata, { outcome }: ProbeReport): TimedMetadata {
  return tellsTime(outcome) ? metadata : { ...metadata, durationMs: null };
}

/** A filtered port takes longer to fail than a closed one. Callers must not learn which of the two it was. */
function tellsTime(outcome: ProbeOutcome): boolean {
  return outcome !== 'UNREACHABLE';
}
