import type { AuditFilter as Filter } from '../../application/ports/read-models.ts';
import { isAuditAction, similarActions } from '../../domain/audit-actions.ts';
import { badUserInput, ERROR_CODES } from '../../domain/errors.ts';
import { searchText } from '../paging/search-text.ts';
import type { AuditFilter } from './audit-types.ts';

/** @throws PurserError BAD_USER_INPUT on `search`, `filter.action`, `filter.actions` or `filter.code` */
export function auditFilter(filter: AuditFilter | null | undefined): Filter {
  return {
    search: searchText(filter?.search),
    registryId: filter?.registryId ?? undefined,
    actor: filter?.actor ?? undefined,
    action: knownAction(filter?.action ?? undefined),
    actions: knownActions(filter?.actions ?? undefined),
    outcome: filter?.outcome ?? undefined,
    code: knownCode(filter?.code ?? undefined),
    pipeline: filter?.pipeline ?? undefined,
    runId: filter?.runId ?? undefined,
    leaseId: filter?.leaseId ?? undefined,
    requestId: filter?.requestId ?? undefined,
    from: filter?.from ?? undefined,
    to: filter?.to ?? undefined,
  };
}

/** Cursors are bound to this text: the same filter always gives the same text. */
export function auditSelection(filter: Filter): string {
  const { search, registryId, actor, action, actions, outcome, code, pipeline, runId, leaseId, requestId, from, to } =
    filter;
  return JSON.stringify([
    search,
    registryId,
    actor,
    action,
    actions,
    outcome,
    code,
    pipeline,
    runId,
    leaseId,
    requestId,
    from,
    to,
  ]);
}

const MAX_ACTIONS = 32;

/** In one order, so that cursors do not depend on it. */
function knownActions(actions: readonly string[] | undefined): readonly string[] | undefined {
  if (actions === undefined) return undefined;
  if (actions.length === 0 || actions.length > MAX_ACTIONS) {
    throw badUserInput('filter.actions', `Name from 1 to ${MAX_ACTIONS} actions, or leave \`actions\` out.`);
  }
  for (const action of actions) knownAction(action, 'filter.actions');
  return [...new Set(actions)].sort();
}

function knownAction(action: string | undefined, field = 'filter.action'): string | undefined {
  if (action === undefined || isAuditAction(action)) return action;
  const similar = similarActions(action.slice(0, 255)).map((name) => `\`${name}\``);
  const hint = similar.length === 0 ? '' : ` Similar ones are ${similar.join(', ')}.`;
  throw badUserInput(field, `There is no such action in audit logs.${hint} All are listed in docs/audit-actions.md.`);
}

function knownCode(code: string | undefined): string | undefined {
  if (code === undefined || ERROR_CODES.some((known) => known === code)) return code;
  throw badUserInput(
    'filter.code',
    'There is no such error code. Entries have the codes of errors, such as `FORBIDDEN`: docs/errors.md lists them.',
  );
}
