import { badUserInput } from '../errors.ts';
import { parseUuid } from '../identity.ts';
import { parseImageReference } from '../image-reference.ts';
import { PERMISSIONS } from '../permissions.ts';
import { checkText } from '../text-rules.ts';
import { type ClaimMatch, endsAtSeparator } from './claim-match.ts';
import type { Attempt } from './rejections.ts';
import type { TrustRuleDetails } from './trust-rule.ts';

/** More is never granted by a rule. */
export const GRANTABLE: readonly string[] = [PERMISSIONS.registryRead, PERMISSIONS.registryUse];

export const RULE_LIMITS = {
  name: 100,
  text: 255,
  matches: 20,
  equals: 50,
  registryIds: 50,
  repositories: 50,
  startsWith: 4,
} as const;

export interface EnteredMatch {
  readonly claim: string;
  readonly equals?: readonly string[] | null | undefined;
  readonly startsWith?: string | null | undefined;
}

/** A rule as it was entered. Of an update, what is left out is undefined. */
export interface EnteredRule extends Omit<TrustRuleDetails, 'matches'> {
  readonly matches: readonly EnteredMatch[];
}

/** Of a new rule, what is left out. Most of it may not be. */
export const RULE_DEFAULTS: EnteredRule = {
  name: '',
  issuer: '',
  matches: [],
  permissions: [],
  purposes: ['PULL'],
  registryIds: [],
  repositories: [],
  pipelineClaim: '',
  runIdClaim: null,
  allowPassword: false,
};

/** The fields of a rule, each in the form in which it is compared, or undefined if it was rejected. */
export type CheckedFields = { readonly [Field in keyof TrustRuleDetails]: TrustRuleDetails[Field] | undefined };

/** Each check gives PurserError BAD_USER_INPUT, which names the field, to `attempt`. */
export function checkFields(entered: EnteredRule, attempt: Attempt): CheckedFields {
  const { text } = RULE_LIMITS;
  const { runIdClaim } = entered;
  const fields: CheckedFields = {
    name: attempt(() => checkText('name', entered.name, { max: RULE_LIMITS.name })),
    issuer: attempt(() => exactText('issuer', entered.issuer, text)),
    matches: checkedMatches(entered.matches, attempt),
    permissions: attempt(() => checkedPermissions(entered.permissions)),
    purposes: attempt(() => some('purposes', [...new Set(entered.purposes)], 2)),
    registryIds: attempt(() => checkedIds(entered.registryIds)),
    repositories: attempt(() => checkedRepositories(entered.repositories)),
    pipelineClaim: attempt(() => exactText('pipelineClaim', entered.pipelineClaim, text)),
    runIdClaim: runIdClaim === null ? null : attempt(() => exactText('runIdClaim', runIdClaim, text)),
    allowPassword: entered.allowPassword,
  };
  attempt(() => requireWholeProject(fields));
  return fields;
}

function requireWholeProject({ registryIds = [], repositories = [], permissions = [] }: CheckedFields): void {
  const limited = registryIds.length > 0 ? 'registryIds' : repositories.length > 0 ? 'repositories' : null;
  if (limited === null || !permissions.includes(PERMISSIONS.registryRead)) return;
  throw badUserInput(
    limited,
    `\`${PERMISSIONS.registryRead}\` shows all registries of the project. Leave it out of \`permissions\`, or leave out \`${limited}\`.`,
  );
}

/** Compared as it stands, so it is not trimmed: a space at its end would be somebody's mistake. */
function exactText(field: string, value: string, max: number): string {
  const text = checkText(field, value, { max });
  if (text === value) return text;
  throw badUserInput(field, `\`${field}\` begins or ends with a space. Claims are compared exactly.`);
}

function some<Item>(field: string, items: readonly Item[], max: number): readonly Item[] {
  if (items.length === 0) throw badUserInput(field, `\`${field}\` must not be empty.`);
  return few(field, items, max);
}

function few<Item>(field: string, items: readonly Item[], max: number): readonly Item[] {
  if (items.length > max) throw badUserInput(field, `\`${field}\` must have at most ${max} entries.`);
  return items;
}

function checkedMatches(entered: readonly EnteredMatch[], attempt: Attempt): readonly ClaimMatch[] | undefined {
  const all = attempt(() => some('matches', entered, RULE_LIMITS.matches));
  const matches = all
    ?.map((match, index) => attempt(() => checkedMatch(`matches[${index}]`, match)))
    .filter((match) => match !== undefined);
  return matches?.length === entered.length ? matches : undefined;
}

function checkedMatch(place: string, { claim: enteredClaim, equals, startsWith }: EnteredMatch): ClaimMatch {
  const claim = exactText(`${place}.claim`, enteredClaim, RULE_LIMITS.text);
  if ((equals == null) === (startsWith == null)) {
    throw badUserInput(place, `\`${place}\` must have exactly one of \`equals\` and \`startsWith\`.`);
  }
  if (equals != null) {
    const field = `${place}.equals`;
    const values = some(field, equals, RULE_LIMITS.equals).map((value) => exactText(field, value, RULE_LIMITS.text));
    return { claim, equals: values, startsWith: null };
  }
  const field = `${place}.startsWith`;
  const beginning = exactText(field, startsWith ?? '', RULE_LIMITS.text);
  if (beginning.length < RULE_LIMITS.startsWith) {
    throw badUserInput(field, `\`${field}\` must have at least ${RULE_LIMITS.startsWith} characters.`);
  }
  if (!endsAtSeparator(claim, beginning)) {
    throw badUserInput(
      field,
      `\`${field}\` must end at a separator of \`${claim}\`, such as \`/\`, so that it means whole parts. Use \`equals\` for ids.`,
    );
  }
  return { claim, equals: null, startsWith: beginning };
}

function checkedPermissions(entered: readonly string[]): readonly string[] {
  const permissions = some('permissions', [...new Set(entered)], GRANTABLE.length);
  if (permissions.every((permission) => GRANTABLE.includes(permission))) return permissions;
  throw badUserInput('permissions', `A rule grants ${GRANTABLE.map((known) => `\`${known}\``).join(' and ')} at most.`);
}

function checkedIds(entered: readonly string[]): readonly string[] {
  return few('registryIds', [...new Set(entered)], RULE_LIMITS.registryIds).map((id) => {
    const parsed = parseUuid(id);
    if (parsed === undefined) throw badUserInput('registryIds', '`registryIds` must be ids of registries.');
    return parsed;
  });
}

function checkedRepositories(entered: readonly string[]): readonly string[] {
  const field = 'repositories';
  return few(field, [...new Set(entered)], RULE_LIMITS.repositories).map((repository) => {
    if (isRepository(repository)) return repository;
    throw badUserInput(
      field,
      '`repositories` must be whole path components in lower case, such as `team` or `team/app`, without host, tag and a `/` at their ends.',
    );
  });
}

/** Read as the repository of a host, so that no part of it can be one. */
function isRepository(text: string): boolean {
  try {
    const { repository, tag, digest } = parseImageReference(`registry.example/${text}`);
    return repository === text && tag === undefined && digest === undefined;
  } catch {
    return false;
  }
}
