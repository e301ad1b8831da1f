import { randomUUID } from 'node:crypto';
import { trustRuleId } from '../../domain/identity.ts';
import { decideCreateRule } from '../../domain/trust/decide-rules.ts';
import type { EnteredRule } from '../../domain/trust/entered-rule.ts';
import type { TrustRule } from '../../domain/trust/trust-rule.ts';
import { idempotentRequest } from '../log/idempotency.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandleTrustCommand, ruleIdOf } from './trust-command-handler.ts';

export interface CreateTrustRuleCommand extends EnteredRule {
  readonly idempotencyKey: string | null | undefined;
}

/** A rule, with warnings of who else meets it that its author may not think of. */
export interface WarnedTrustRule {
  readonly rule: TrustRule;
  readonly warnings: readonly string[];
}

/** @throws PurserError BAD_USER_INPUT, FORBIDDEN if the rule grants what its author does not hold */
export function createTrustRuleUseCase({ handle }: { readonly handle: HandleTrustCommand }) {
  return async (
    context: RequestContext,
    projectId: string,
    command: CreateTrustRuleCommand,
  ): Promise<WarnedTrustRule> => {
    const idempotent = idempotentRequest(context, projectId, 'createTrustRule', null, command);
    const { idempotencyKey: _key, ...entered } = command;
    const ruleId = idempotent ? trustRuleId(idempotent.id) : randomUUID();
    const { rule, warnings } = await handle(context, {
      projectId,
      ruleId,
      idempotent,
      registryIds: entered.registryIds,
      decide: (state, author) => decideCreateRule(state, { ruleId: ruleIdOf(ruleId), projectId, entered }, author),
    });
    return warned(rule, warnings);
  };
}

/** Who deletes a rule at the same moment leaves none to answer with. */
export function warned(rule: TrustRule | undefined, warnings: readonly string[]): WarnedTrustRule {
  if (rule === undefined) throw new Error('the rule is gone already');
  return { rule, warnings };
}
