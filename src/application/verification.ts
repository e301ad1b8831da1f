import type { MintConfig } from '../domain/credential.ts';
import { existing } from '../domain/registry.ts';
import { registryView } from '../domain/registry-view.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { CredentialTests } from './credential-tests.ts';
import type { RegistryQueries, RegistryView } from './ports/read-models.ts';
import type { ProbeReport, ProbeRequest } from './ports/registry-probe.ts';
import type { RegistryOutcome } from './registry-command-handler.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';

export interface VerificationDeps {
  readonly tests: CredentialTests;
  readonly aggregates: AggregateStore;
  readonly registries: Pick<RegistryQueries, 'byId'>;
}

/** The `verify` of one command: it tests before anything is stored, then records the findings with the registry. */
export interface Verification {
  /** Tests once, even if conflicts make the command decide again. @throws PurserError VERIFICATION_FAILED */
  require(request: Omit<ProbeRequest, 'repository'>, mint: MintConfig | null): Promise<void>;
  /** The command's answer: the registry with its health and the expiry that the test learnt. */
  answer(context: RequestContext, outcome: RegistryOutcome): Promise<RegistryView>;
}

export type BeginVerification = (projectId: string, wanted: boolean) => Verification;

export function createVerification({ tests, aggregates, registries }: VerificationDeps): BeginVerification {
  return (projectId, wanted) => {
    let report: ProbeReport | undefined;

    /** What the read models hold. They hold nothing if this request created the registry. */
    async function known({ state, before, repeated }: RegistryOutcome): Promise<RegistryView | undefined> {
      return before.phase === 'live' || repeated ? registries.byId(projectId, existing(state).registryId) : undefined;
    }

    return {
      async require(request, mint) {
        if (wanted) report ??= await tests.verify(projectId, { ...request, repository: null }, mint);
      },

      async answer(context, outcome) {
        const live = existing(outcome.state);
        if (!report) {
          const view = await known(outcome);
          const present = view?.credential.present ?? true;
          return registryView(live, outcome.revision, { health: view?.health ?? null, present });
        }
        const metadata = callerMetadata(context, projectId, null);
        const health = await tests.record(live, report, { metadata, scheduled: false });
        const { state, revision } = await aggregates.loadRegistry(projectId, live.registryId);
        return registryView(existing(state), Number(revision), { health, present: true });
      },
    };
  };
}
