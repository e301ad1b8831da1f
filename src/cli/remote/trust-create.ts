import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { UsageError } from '../command.ts';
import { type Call, remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { findPreset } from './trust-presets.ts';
import { RULE_FIELDS, RULE_OPTIONS, ruleData, ruleDetails, ruleInput } from './trust-rule.ts';
import { visibleText } from './visible-text.ts';

const CREATE = `mutation ($projectId: ID!, $input: TrustRuleInput!) {
  createTrustRule(projectId: $projectId, input: $input) { warnings rule { ${RULE_FIELDS} } } }`;

export const rulePayload = z.object({ warnings: z.array(z.string()), rule: ruleData });

const USE = 'iam:project:cicd:registry:use';
/** `TrustRuleInput` cannot be without them. */
const NEEDED = { name: 'name', issuer: 'issuer', matches: 'claim', pipelineClaim: 'pipeline-claim' } as const;

export const trustCreate = remote({
  summary: 'Lets callers with matching identity tokens in.',
  options: {
    preset: {
      type: 'string',
      value: '<system>',
      summary: 'begins with the preset of this CI system; --claim then replaces its claims of the same name',
    },
    ...RULE_OPTIONS,
  },
  notes: `Without --permission it grants ${USE}.`,
  async run(call) {
    const { service, options } = call;
    const preset = options.preset === undefined ? undefined : await findPreset(service, options.preset);
    const entered = await ruleInput(service, options);
    const replaced = new Set(entered.matches?.map(({ claim }) => claim));
    const input = {
      ...entered,
      issuer: entered.issuer ?? preset?.issuer,
      matches: [...(preset?.matches.filter(({ claim }) => !replaced.has(claim)) ?? []), ...(entered.matches ?? [])],
      permissions: entered.permissions ?? [USE],
      purposes: entered.purposes ?? preset?.purposes,
      pipelineClaim: entered.pipelineClaim ?? preset?.pipelineClaim,
      runIdClaim: entered.runIdClaim ?? preset?.runIdClaim,
      idempotencyKey: randomUUID(),
    };
    for (const [field, option] of Object.entries(NEEDED)) {
      const value = input[field as keyof typeof NEEDED];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) {
        throw new UsageError(`--${option} is missing${preset ? '' : ': a rule can also begin with --preset github'}.`);
      }
    }
    const { createTrustRule } = await service.ask(CREATE, { input }, z.object({ createTrustRule: rulePayload }));
    return answerRule(call, createTrustRule);
  },
});

export function answerRule({ answer, say }: Call, payload: z.infer<typeof rulePayload>): number {
  answer(payload, () => ruleDetails(payload.rule));
  for (const warning of payload.warnings) say(`Warning: ${visibleText(warning)}`);
  return EXIT.done;
}
