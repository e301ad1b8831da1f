import type { MintConfig } from '../../domain/credential.ts';
import { registryStream } from '../../domain/identity.ts';
import { existing } from '../../domain/registry.ts';
import { healthAfterTest, registryView, type ShownWith } from '../../domain/registry-view.ts';
import type { CredentialTests } from '../credential/credential-tests.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { ReadUnprojected } from '../log/unprojected-events.ts';
import type { RegistryQueries, RegistryView } from '../ports/read-models.ts';
import type { ProbeReport, ProbeRequest } from '../ports/registry-probe.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { RegistryOutcome } from './registry-command-handler.ts';

export interface VerificationDeps {
  readonly tests: CredentialTests;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly registries: Pick<RegistryQueries, 'byId'>;
  readonly readUnprojected: ReadUnprojected;
}

/** The `verify` of one command: it tests before anything is stored, then records the findings with the registry. */
export interface Verification {
  /** Tests once, even if conflicts make the command decide again. @throws PurserError VERIFICATION_FAILED */
  require(request: Omit<ProbeRequest, 'repository'>, mint: MintConfig | null): Promise<void>;
  /** The same for any test. It throws if it finds too little. */
  requireTest(test: () => Promise<ProbeReport>): Promise<void>;
  /** The command's answer: the registry with its health and the expiry that the test learnt. */
  answer(outcome: RegistryOutcome): Promise<RegistryView>;
}

export type BeginVerification = (context: RequestContext, projectId: string, wanted: boolean) => Verification;

export function createVerification(deps: VerificationDeps): BeginVerification {
  const { tests, aggregates, registries, readUnprojected } = deps;
  return (context, projectId, wanted) => {
    let report: ProbeReport | undefined;

    /** What is known beside the state: from the read models, and of a test that they have not passed yet. */
    async function known({ state, before, repeated }: RegistryOutcome): Promise<ShownWith> {
      // Nothing, if this request created the registry.
      if (before.phase !== 'live' && !repeated) return { health: null, stagedHealth: null, present: true };
      const { registryId, staged, credential } = existing(state);
      const unprojected = await readUnprojected();
      const view = await registries.byId(projectId, registryId);
      // Read models that are behind miss a secret that a later rotation destroyed.
      const stream = registryStream(projectId, registryId);
      const isBehind = unprojected.some(({ recorded }) => recorded.stream === stream);
      const isOfVersion = view?.credential.version === credential.version && !isBehind;
      const projected = [view?.health, view?.credential.staged?.health].filter((health) => health != null);
      const tested = new Map(projected.map((health) => [health.credentialVersion, health]));
      for (const { event, recorded } of unprojected) {
        if (event.type !== 'RegistryTested' || event.data.registryId !== registryId) continue;
        const version = event.data.credentialVersion;
        tested.set(version, healthAfterTest(tested.get(version) ?? null, event, recorded.occurredAt));
      }
      return {
        health: tested.get(credential.version) ?? null,
        stagedHealth: staged && (tested.get(staged.version) ?? null),
        present: isOfVersion ? view.credential.present : true,
      };
    }

    async function requireTest(test: () => Promise<ProbeReport>): Promise<void> {
      if (wanted) report ??= await test();
    }

    return {
      require: (request, mint) =>
        requireTest(() => tests.verify(context, projectId, { ...request, repository: null }, mint)),

      requireTest,

      async answer(outcome) {
        const live = existing(outcome.state);
        if (!report) {
          return registryView(live, outcome.revision, await known(outcome));
        }
        const metadata = callerMetadata(context, projectId, null);
        const health = await tests.record(live, report, { metadata, scheduled: false });
        const { state, revision } = await aggregates.loadRegistry(projectId, live.registryId);
        const { stagedHealth } = live.staged ? await known(outcome) : { stagedHealth: null };
        return registryView(existing(state), Number(revision), { health, stagedHealth, present: true });
      },
    };
  };
}
