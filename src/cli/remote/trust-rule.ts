import * as z from 'zod';
import { CommandError, type Option, type Options, UsageError } from '../command.ts';
import { choice } from './option-values.ts';
import { findRegistry } from './registry.ts';
import { EXIT, type Service } from './service.ts';
import { details, minute } from './table.ts';

/** What the commands show of a trust rule. */
export const RULE_FIELDS = `id name issuer matches { claim equals startsWith } permissions purposes registryIds repositories
  pipelineClaim runIdClaim allowPassword revision lastUsedAt`;

const match = z.object({
  claim: z.string(),
  equals: z.array(z.string()).nullable(),
  startsWith: z.string().nullable(),
});

export const ruleData = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  matches: z.array(match),
  permissions: z.array(z.string()),
  purposes: z.array(z.string()),
  registryIds: z.array(z.string()),
  repositories: z.array(z.string()),
  pipelineClaim: z.string(),
  runIdClaim: z.string().nullable(),
  allowPassword: z.boolean(),
  revision: z.int(),
  lastUsedAt: z.string().nullable(),
});
export type TrustRule = z.infer<typeof ruleData>;

const LIST = `query ($projectId: ID!) { trustRules(projectId: $projectId) { ${RULE_FIELDS} } }`;

/** What people name a rule by. */
export const RULE_ARGUMENT = ['rule', 'its id, or its name if no other rule has it'] as const;

export async function readRules(service: Service): Promise<readonly TrustRule[]> {
  return (await service.ask(LIST, {}, z.object({ trustRules: z.array(ruleData) }))).trustRules;
}

/** @throws CommandError if the project has no such rule, or several of this name */
export async function findRule(service: Service, named: unknown): Promise<TrustRule> {
  const rules = await readRules(service);
  const found = rules.filter(({ id, name }) => id === named || name === named);
  const [rule] = found;
  if (rule !== undefined && found.length === 1) return rule;
  const which = found.length > 1 ? 'more than one such trust rule: name it by its id' : 'no such trust rule';
  throw new CommandError(
    `NOT_FOUND: project ${service.projectId} has ${which}. \`purser trust list\` shows them.`,
    EXIT.notFound,
  );
}

const PERMISSION = 'iam:project:cicd:registry:';
const PURPOSES = ['PULL', 'PUSH'];

/** Each is a field of `TrustRuleInput`. What is left out of an update stays. */
export const RULE_OPTIONS = {
  name: { type: 'string', value: '<text>', summary: 'what people call it' },
  issuer: { type: 'string', value: '<url>', summary: "the issuer of the tokens, of the operator's list" },
  claim: {
    type: 'string',
    value: '<claim>=<text>',
    multiple: true,
    summary: 'a claim that equals this, or another text given for it',
  },
  'claim-prefix': {
    type: 'string',
    value: '<claim>=<text>',
    multiple: true,
    summary: 'a claim that begins so, up to a separator',
  },
  permission: { type: 'string', value: '<name>', choices: ['use', 'read'], multiple: true, summary: 'what it grants' },
  purpose: {
    type: 'string',
    value: '<purpose>',
    choices: PURPOSES,
    multiple: true,
    summary: 'what credentials may be for',
  },
  registry: { type: 'string', value: '<registry>', multiple: true, summary: 'only this registry: its URL or id' },
  repository: { type: 'string', value: '<path>', multiple: true, summary: 'only this repository, and those below it' },
  'pipeline-claim': { type: 'string', value: '<claim>', summary: 'the claim that names the pipeline' },
  'run-id-claim': { type: 'string', value: '<claim>', summary: 'the claim that names the run' },
  'allow-password': { type: 'boolean', summary: 'hands out a password though it can do more than the rule' },
} satisfies Record<string, Option>;

/** The fields that the command line names; undefined for those that it does not. @throws UsageError */
export async function ruleInput(service: Service, options: Options) {
  const { name, issuer } = options;
  const registries = texts(options.registry);
  return {
    ...{ name, issuer },
    matches: matchesOf(options),
    permissions: texts(options.permission)?.map((each) => (each.includes(':') ? each : `${PERMISSION}${each}`)),
    purposes: texts(options.purpose)?.map((each) => choice('purpose', each, PURPOSES)),
    registryIds:
      registries && (await Promise.all(registries.map(async (each) => (await findRegistry(service, each)).id))),
    repositories: texts(options.repository),
    pipelineClaim: options['pipeline-claim'],
    runIdClaim: options['run-id-claim'],
    allowPassword: options['allow-password'] === true ? true : undefined,
  };
}

function matchesOf(options: Options) {
  const equal = new Map<string, string[]>();
  for (const [claim, text] of (texts(options.claim) ?? []).map((each) => split('claim', each))) {
    equal.set(claim, [...(equal.get(claim) ?? []), text]);
  }
  const matches = [
    ...[...equal].map(([claim, equals]) => ({ claim, equals })),
    ...(texts(options['claim-prefix']) ?? []).map((each) => {
      const [claim, startsWith] = split('claim-prefix', each);
      return { claim, startsWith };
    }),
  ];
  return matches.length > 0 ? matches : undefined;
}

function split(name: string, entry: string): readonly [claim: string, text: string] {
  const [, claim, text] = /^([^=]+)=(.+)$/s.exec(entry) ?? [];
  if (claim === undefined || text === undefined) {
    throw new UsageError(`--${name} must name a claim and its text, such as --${name} ref=refs/heads/main.`);
  }
  return [claim, text];
}

function texts(value: Options[string]): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

export function ruleDetails(rule: TrustRule): string {
  const { registryIds, repositories } = rule;
  return details([
    ['Name', rule.name],
    ['Id', rule.id],
    ['Issuer', rule.issuer],
    ...rule.matches.map((each) => ['Claim', matchText(each)] as const),
    ['Permissions', rule.permissions.join(', ')],
    ['Purposes', rule.purposes.join(', ')],
    ['Registries', registryIds.length === 0 ? 'all' : registryIds.join(', ')],
    ['Repositories', repositories.length === 0 ? 'all' : repositories.join(', ')],
    ['Pipeline', rule.pipelineClaim],
    ['Run', rule.runIdClaim],
    ['Passwords', rule.allowPassword ? 'handed out though they can do more' : null],
    ['Last used', minute(rule.lastUsedAt)],
  ]);
}

export function matchText({ claim, equals, startsWith }: z.infer<typeof match>): string {
  return startsWith === null ? `${claim} = ${(equals ?? []).join(' or ')}` : `${claim} begins with ${startsWith}`;
}
