import * as z from 'zod';
import { CommandError } from '../command.ts';
import { EXIT, type Service } from './service.ts';
import { details, minute } from './table.ts';
import { visibleText } from './visible-text.ts';

/** What the commands show of a registry. */
export const REGISTRY_FIELDS = `id url name provider access username description revision
  credential { version kind status expiresAt rotationDueAt rotatedAt warnings staged { version } retiring { version destroyedAt } }
  health { outcome login pull push repository testedAt advice }
  usage { activeLeases lastUsedAt }`;

const time = z.string().nullable();
const verdict = z.string();

export const healthData = z.object({
  outcome: z.string(),
  login: verdict,
  pull: verdict,
  push: verdict,
  repository: z.string().nullable(),
  testedAt: z.string(),
  advice: z.string().nullable(),
});
export type Health = z.infer<typeof healthData>;

export const registryData = z.object({
  id: z.string(),
  url: z.string(),
  name: z.string(),
  provider: z.string(),
  access: z.string(),
  username: z.string(),
  description: z.string().nullable(),
  revision: z.int(),
  credential: z.object({
    version: z.int(),
    kind: z.string(),
    status: z.string(),
    expiresAt: time,
    rotationDueAt: time,
    rotatedAt: z.string(),
    warnings: z.array(z.string()),
    staged: z.object({ version: z.int() }).nullable(),
    retiring: z.object({ version: z.int(), destroyedAt: z.string() }).nullable(),
  }),
  health: healthData.nullable(),
  usage: z.object({ activeLeases: z.int(), lastUsedAt: time }),
});
export type Registry = z.infer<typeof registryData>;

const BY_ID = `query ($projectId: ID!, $id: ID!) { registry(projectId: $projectId, id: $id) { ${REGISTRY_FIELDS} } }`;
const BY_URL = `query ($projectId: ID!, $url: String!) {
  registryByUrl(projectId: $projectId, url: $url) { ${REGISTRY_FIELDS} } }`;

const IS_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws CommandError if nothing is staged */
export function stagedVersion({ url, credential: { staged } }: Registry): number {
  if (staged !== null) return staged.version;
  throw new CommandError(
    `NOT_FOUND: nothing is staged for ${visibleText(url)}: use purser registries stage first.`,
    EXIT.notFound,
  );
}

/** What people name a registry by. */
export const REGISTRY_ARGUMENT = ['registry', 'its URL, in any spelling, or its id'] as const;

/** @throws CommandError if the project has no such registry */
export async function findRegistry(service: Service, named: unknown): Promise<Registry> {
  const found = await lookUp(service, String(named));
  if (found) return found;
  throw new CommandError(
    `NOT_FOUND: project ${service.projectId} has no such registry. \`purser registries list\` shows those that it has.`,
    EXIT.notFound,
  );
}

/** Null if the project has no registry at this URL. */
export async function registryByUrl(service: Service, url: string): Promise<Registry | null> {
  const { registryByUrl } = await service.ask(BY_URL, { url }, z.object({ registryByUrl: registryData.nullable() }));
  return registryByUrl;
}

async function lookUp(service: Service, named: string): Promise<Registry | null> {
  if (!IS_ID.test(named)) return registryByUrl(service, named);
  const { registry } = await service.ask(BY_ID, { id: named }, z.object({ registry: registryData.nullable() }));
  return registry;
}

export function registryDetails(registry: Registry): string {
  const { credential, health, usage } = registry;
  return details([
    ['URL', registry.url],
    ['Name', registry.name],
    ['Id', registry.id],
    ['Provider', registry.provider],
    ['Access', registry.access],
    ['User name', registry.username],
    ['Description', registry.description],
    ['Credential', `version ${credential.version}, ${credential.kind}, ${credential.status}`],
    ['Expires', minute(credential.expiresAt)],
    ['Rotation due', minute(credential.rotationDueAt)],
    ['Staged', credential.staged && `version ${credential.staged.version}`],
    [
      'Retiring',
      credential.retiring && `version ${credential.retiring.version}, until ${minute(credential.retiring.destroyedAt)}`,
    ],
    ['Last test', health && `${health.outcome}, ${minute(health.testedAt)}`],
    ['Active leases', usage.activeLeases],
    ['Last used', minute(usage.lastUsedAt)],
    ...credential.warnings.map((warning) => ['Warning', warning] as const),
  ]);
}

export function healthDetails(health: Health): string {
  return details([
    ['Outcome', health.outcome],
    ['Login', health.login],
    ['Repository', health.repository],
    ['Pull', health.repository && health.pull],
    ['Push', health.repository && health.push],
    ['Tested', minute(health.testedAt)],
    ['Advice', health.advice],
  ]);
}
