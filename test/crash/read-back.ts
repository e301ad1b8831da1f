import { GET } from '../service/operations.ts';
import type { GraphqlAnswer } from '../support/purser.ts';
import { until } from '../support/until.ts';
import { type Ledger, lastAcknowledged, type Mutation, type RegistryRecord, unresolvedPasswords } from './ledger.ts';
import type { Client } from './load.ts';

const AT_A_TIME = 100;

/**
 * Every registry whose creation was acknowledged is there, at the version that was acknowledged last or at one that
 * was attempted since, and that version's password is the one that is given out. Of the registries that these mutations
 * were about; default: of all.
 */
export async function readBackFaults(
  client: Client,
  ledger: Ledger,
  mutations: readonly Mutation[] = ledger.mutations,
): Promise<string[]> {
  const about = new Set(mutations.map(({ registry }) => registry));
  const created = [...about].filter((registry) => registry.created);
  return someAtATime(created, (registry) => registryFaults(client, ledger, registry));
}

async function registryFaults(client: Client, ledger: Ledger, registry: RegistryRecord): Promise<string[]> {
  const { projectId, id, url } = registry;
  const { version, password } = lastAcknowledged(ledger, registry);
  const attempted = unresolvedPasswords(ledger, registry);
  const { data, errors } = await certain(client, GET, { projectId, id });
  if (errors) return [`${url} cannot be read: ${errors[0]?.extensions.code}`];
  const read = data?.registry?.credential.version;
  if (!(read >= version && read <= version + attempted.size)) {
    return [`${url} is at version ${read}, and ${version} was acknowledged`];
  }
  const issued = ledger.issue(registry);
  await client.settle(issued);
  const { outcome } = issued;
  const given = outcome.kind === 'acknowledged' ? outcome.answer.data?.issueCredential?.password : undefined;
  const isRight = read === version ? given === password : attempted.has(given);
  return isRight ? [] : [`${url} does not give the password of version ${read}`];
}

/** Sent again with their keys, mutations get the answers that they got at first. */
export async function repeatFaults(client: Client, mutations: readonly Mutation[]): Promise<string[]> {
  return someAtATime(mutations, async (mutation) => {
    const { outcome, query, variables, kind, registry } = mutation;
    if (outcome.kind !== 'acknowledged') return [];
    const again = await certain(client, query, variables);
    if (comparable(again) === comparable(outcome.answer) || isWithheld(mutation, again)) return [];
    const other = again.errors?.[0]?.extensions.code ?? differingFields(outcome.answer, again).join(', ');
    return [`a repeated ${kind} of ${registry.url} got another answer: ${other}`];
  });
}

/** Beyond some five hundred at the same time the service answers RATE_LIMITED: it is one caller. */
async function someAtATime<Item>(
  items: readonly Item[],
  findings: (item: Item) => Promise<readonly string[]>,
): Promise<string[]> {
  const found: string[] = [];
  for (let start = 0; start < items.length; start += AT_A_TIME) {
    const some = await Promise.all(items.slice(start, start + AT_A_TIME).map(findings));
    found.push(...some.flat());
  }
  return found;
}

/** Asks again while the service says that it is too busy: a hundred ask at the same time. */
async function certain(client: Client, query: string, variables: Record<string, unknown>): Promise<GraphqlAnswer> {
  let answer: GraphqlAnswer = {};
  await until(async () => {
    answer = await client.graphql(query, variables);
    return answer.errors?.[0]?.extensions.code !== 'UNAVAILABLE';
  });
  return answer;
}

/** What was issued is not given again once it was replaced or released. */
function isWithheld({ kind }: Mutation, { errors }: GraphqlAnswer): boolean {
  return kind === 'issue' && errors?.[0]?.extensions.code === 'CREDENTIAL_UNAVAILABLE';
}

/** Removes what pipelines did meanwhile, which is not part of a mutation's answer. */
function comparable(answer: GraphqlAnswer): string {
  return JSON.stringify(answer, (key, value) => (key === 'usage' ? undefined : value));
}

/** Their names, without what they hold: that may be a password. */
function differingFields(first: unknown, again: unknown, path = ''): string[] {
  if (JSON.stringify(first) === JSON.stringify(again)) return [];
  if (!isObject(first) || !isObject(again)) return [path];
  const names = new Set([...Object.keys(first), ...Object.keys(again)]);
  return [...names].flatMap((name) => differingFields(first[name], again[name], `${path}.${name}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
