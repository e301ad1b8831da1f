import { type AppliedEvent, everyEvent, insertInto, type ReadModel } from './read-model.ts';

interface TrustRuleUseRow {
  readonly rule_id: string;
  readonly project_id: string;
  readonly last_used_at: string;
}

/** When each trust rule last let a pipeline have a credential. The rules themselves are read from the log. */
export function createTrustRuleUses(schema: string): ReadModel {
  const insert = insertInto(
    schema,
    'trust_rule_uses',
    'on conflict (rule_id) do update set last_used_at = greatest(known.last_used_at, excluded.last_used_at)',
  );
  const rows = new Map<string, TrustRuleUseRow>();

  function used({ recorded: { occurredAt, metadata } }: AppliedEvent): void {
    const { identity, projectId } = metadata;
    if (identity === undefined || projectId === null) return;
    const last = rows.get(identity.ruleId)?.last_used_at ?? '';
    if (last >= occurredAt) return;
    rows.set(identity.ruleId, { rule_id: identity.ruleId, project_id: projectId, last_used_at: occurredAt });
  }

  return {
    // Events of leases are authenticated. Those of repeats are not, and anybody could have written them.
    handles: { ...everyEvent(null), CredentialIssued: used },
    changes() {
      const statements = insert([...rows.values()]);
      rows.clear();
      return statements;
    },
    totals: () => [{ table: 'trust_rule_uses', rows: [...rows.values()] }],
  };
}
