import { decideDeleteRule } from '../../domain/trust/decide-rules.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleTrustCommand, ruleIdOf } from './trust-command-handler.ts';

/** From then on nothing is granted by it, on any replica. @throws PurserError NOT_FOUND, REVISION_CONFLICT */
export function deleteTrustRuleUseCase({ handle }: { readonly handle: HandleTrustCommand }) {
  return async (
    context: RequestContext,
    projectId: string,
    entered: string,
    expectedRevision: number | null | undefined,
  ): Promise<{ readonly deletedId: string }> => {
    const ruleId = ruleIdOf(entered);
    await handle(context, {
      projectId,
      ruleId,
      idempotent: null,
      registryIds: [],
      decide: (state) => ({ event: decideDeleteRule(state, { ruleId, expectedRevision }), warnings: [] }),
    });
    return { deletedId: ruleId };
  };
}
