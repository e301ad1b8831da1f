import * as z from 'zod';
import type { Option, Options } from '../command.ts';
import { checkedTime, choice, chosen } from './option-values.ts';
import { PAGE_OPTIONS, readPages } from './pages.ts';
import { REGISTRY_FIELDS, type Registry, registryData } from './registry.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { type Column, minute, table } from './table.ts';

const PROVIDERS = [
  ...['AMAZON_ECR', 'AMAZON_ECR_PUBLIC', 'ARTIFACTORY', 'AZURE', 'DIGITALOCEAN', 'DOCKER_HUB', 'FORGEJO', 'GENERIC'],
  ...['GITHUB', 'GITLAB', 'GOOGLE', 'HARBOR', 'QUAY', 'SCALEWAY'],
];
const STATUSES = ['ACTIVE', 'EXPIRED', 'EXPIRING', 'FAILING', 'NEEDS_CREDENTIAL'];
const ORDERS = ['URL', 'NAME', 'CREATED_AT', 'UPDATED_AT', 'EXPIRES_AT', 'LAST_USED_AT'];

export const PROVIDER_OPTION = {
  provider: { type: 'string', value: '<provider>', choices: PROVIDERS, summary: 'whose registry it is' },
} satisfies Record<string, Option>;

const LIST = `query ($projectId: ID!, $filter: RegistryFilter, $orderBy: RegistryOrder, $first: Int, $after: String) {
  registries(projectId: $projectId, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { ${REGISTRY_FIELDS} } pageInfo { hasNextPage endCursor } } }`;

const pageData = z.object({
  registries: z.object({
    nodes: z.array(registryData),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

const COLUMNS: readonly Column<Registry>[] = [
  { title: 'URL', text: ({ url }) => url },
  { title: 'NAME', text: ({ name, url }) => (name === url ? null : name) },
  { title: 'USER', text: ({ username }) => username },
  { title: 'STATUS', text: ({ credential }) => credential.status },
  { title: 'VERSION', text: ({ credential }) => credential.version },
  { title: 'EXPIRES', text: ({ credential }) => minute(credential.expiresAt) },
  { title: 'DUE', text: ({ credential }) => minute(credential.rotationDueAt) },
  { title: 'LEASES', text: ({ usage }) => usage.activeLeases },
];

export const registriesList = remote({
  summary: 'Lists the registries of a project.',
  options: {
    search: { type: 'string', value: '<text>', summary: 'in URL, name, description and user name' },
    status: { type: 'string', value: '<status>', choices: STATUSES, multiple: true, summary: 'only of this status' },
    ...PROVIDER_OPTION,
    'expires-before': { type: 'string', value: '<time>', summary: 'only if the password expires before' },
    'rotation-due-before': { type: 'string', value: '<time>', summary: 'only if a rotation is due before' },
    'unused-since': { type: 'string', value: '<time>', summary: 'only if no pipeline asked since' },
    'never-tested': { type: 'boolean', summary: 'only if the credential was never tested' },
    sort: { type: 'string', value: '<field>', choices: ORDERS, summary: 'what to sort by (default: NAME)' },
    descending: { type: 'boolean', summary: 'the other way round' },
    ...PAGE_OPTIONS,
  },
  async run({ service, options, answer, say }) {
    const variables = { filter: filterOf(options), orderBy: orderOf(options) };
    const registries = await readPages(options, say, async (page) => {
      return (await service.ask(LIST, { ...variables, ...page }, pageData)).registries;
    });
    answer(registries, (columns) => table(COLUMNS, registries, columns));
    return EXIT.done;
  },
});

function filterOf(options: Options) {
  const { search, status } = options;
  return {
    search,
    statuses: Array.isArray(status) ? status.map((each) => choice('status', each, STATUSES)) : undefined,
    provider: chosen(options, 'provider', PROVIDERS),
    expiresBefore: checkedTime(options, 'expires-before'),
    rotationDueBefore: checkedTime(options, 'rotation-due-before'),
    unusedSince: checkedTime(options, 'unused-since'),
    neverTested: options['never-tested'] === true ? true : undefined,
  };
}

function orderOf({ sort, descending }: Options) {
  if (sort === undefined && descending !== true) return undefined;
  return { field: choice('sort', sort ?? 'NAME', ORDERS), direction: descending === true ? 'DESC' : 'ASC' };
}
