import { notFound } from '../../domain/errors.ts';
import { decideUpdateRule } from '../../domain/trust/decide-rules.ts';
import type { EnteredRule } from '../../domain/trust/entered-rule.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RequestContext } from '../request-context.ts';
import type { WarnedTrustRule } from './create-trust-rule.ts';
import { type HandleTrustCommand, ruleIdOf } from './trust-command-handler.ts';

/** What is left out stays. */
export interface UpdateTrustRuleCommand {
  readonly changes: Partial<EnteredRule>;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

/** @throws PurserError NOT_FOUND, REVISION_CONFLICT, BAD_USER_INPUT, FORBIDDEN */
export function updateTrustRuleUseCase({ handle }: { readonly handle: HandleTrustCommand }) {
  return async (
    context: RequestContext,
    projectId: string,
    entered: string,
    command: UpdateTrustRuleCommand,
  ): Promise<WarnedTrustRule> => {
    const ruleId = ruleIdOf(entered);
    const { changes, expectedRevision } = command;
    const { rule, warnings } = await handle(context, {
      projectId,
      ruleId,
      idempotent: idempotentRequest(context, projectId, 'updateTrustRule', ruleId, command),
      registryIds: changes.registryIds ?? [],
      decide: (state, author) => decideUpdateRule(state, { ruleId, expectedRevision, changes }, author),
    });
    // Somebody deleted it since.
    if (rule === undefined) throw notFound('trust rule');
    return { rule, warnings };
  };
}
