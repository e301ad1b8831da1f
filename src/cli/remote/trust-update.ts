import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { remote } from './remote-command.ts';
import { answerRule, rulePayload } from './trust-create.ts';
import { findRule, RULE_ARGUMENT, RULE_FIELDS, RULE_OPTIONS, ruleInput } from './trust-rule.ts';

const UPDATE = `mutation ($projectId: ID!, $id: ID!, $input: UpdateTrustRuleInput!) {
  updateTrustRule(projectId: $projectId, id: $id, input: $input) { warnings rule { ${RULE_FIELDS} } } }`;

export const trustUpdate = remote({
  summary: 'Changes a trust rule. What is left out stays.',
  argument: RULE_ARGUMENT,
  options: {
    ...RULE_OPTIONS,
    'refuse-password': { type: 'boolean', summary: 'takes --allow-password back' },
  },
  notes: 'If --claim or --claim-prefix is given, they are all claims that the rule compares from then on.',
  async run(call) {
    const { service, options } = call;
    const { id, revision } = await findRule(service, options.rule);
    const entered = await ruleInput(service, options);
    const input = {
      ...entered,
      allowPassword: options['refuse-password'] === true ? false : entered.allowPassword,
      expectedRevision: revision,
      idempotencyKey: randomUUID(),
    };
    const { updateTrustRule } = await service.ask(UPDATE, { id, input }, z.object({ updateTrustRule: rulePayload }));
    return answerRule(call, updateTrustRule);
  },
});
