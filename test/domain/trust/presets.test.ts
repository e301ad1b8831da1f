import { describe, expect, it } from 'vitest';
import { decideCreateRule } from '../../../src/domain/trust/decide-rules.ts';
import { TRUST_RULE_PRESETS } from '../../../src/domain/trust/presets.ts';
import { NO_RULES } from '../../../src/domain/trust/trust-rule.ts';
import { entered } from './rules.ts';

describe('a preset', () => {
  it.each(TRUST_RULE_PRESETS)('for $name is a rule without a warning', (preset) => {
    const { name, issuer, matches, purposes, pipelineClaim, runIdClaim } = preset;
    const author = { issuers: new Set([issuer]), holds: () => true };
    const rule = entered({ name, issuer, matches, purposes, pipelineClaim, runIdClaim });
    expect(decideCreateRule(NO_RULES, { ruleId: 'r', projectId: 'demo', entered: rule }, author).warnings).toEqual([]);
    for (const { claim } of matches) expect(preset.claims).toContain(claim);
  });
});
