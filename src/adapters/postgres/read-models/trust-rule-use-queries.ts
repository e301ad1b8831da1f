import type { TrustRuleUseQueries } from '../../../application/ports/read-models.ts';
import type { Queryable } from '../statement.ts';

export function createTrustRuleUseQueries(database: Queryable): TrustRuleUseQueries {
  return {
    async lastUses(projectId) {
      const { rows } = await database.query<{ rule_id: string; last_used_at: string }>({
        name: 'trust-rule-uses',
        text: 'select rule_id, last_used_at from read_models.trust_rule_uses where project_id = $1',
        values: [projectId],
      });
      return new Map(rows.map(({ rule_id, last_used_at }) => [rule_id, last_used_at]));
    },
  };
}
