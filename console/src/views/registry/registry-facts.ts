import type { RegistryDetailsFragment } from '../../api/generated/graphql.ts';
import { MINT_FIELD_NAMES } from '../../components/mint-fields.ts';
import { MINT_FIELD_LABELS, MINT_KIND_NAMES } from '../../texts/registry.ts';
import { FEDERATED } from '../../texts/registry-history.ts';

/** How a fact is to be shown. */
export type FactKind = 'text' | 'date' | 'days' | 'version' | 'code' | 'access' | 'provider' | 'person';

/** What can be told apart between two moments of a registry, in the order in which it is shown. */
export const FACT_KINDS = {
  name: 'text',
  username: 'code',
  access: 'access',
  provider: 'provider',
  description: 'text',
  email: 'text',
  authRealmHost: 'code',
  caCertificate: 'code',
  mint: 'text',
  version: 'version',
  rotatedAt: 'date',
  rotatedBy: 'person',
  expiresAt: 'date',
  expirySource: 'text',
  rotateEveryDays: 'days',
  rotationDueAt: 'date',
  staged: 'version',
  retiring: 'version',
} as const satisfies Record<string, FactKind>;

export type FactName = keyof typeof FACT_KINDS;
export type Facts = Record<FactName, string | number | null>;

export interface Difference {
  readonly fact: FactName;
  readonly from: string | number | null;
  readonly to: string | number | null;
}

export const FACT_NAMES = Object.keys(FACT_KINDS).filter((name): name is FactName => name in FACT_KINDS);

export function factsOf(registry: RegistryDetailsFragment): Facts {
  const { credential } = registry;
  return {
    name: registry.name,
    username: registry.username,
    access: registry.access,
    provider: registry.provider,
    description: registry.description,
    email: registry.email,
    authRealmHost: registry.authRealmHost,
    caCertificate: registry.caCertificate,
    mint: registry.mint && mintLine(registry.mint),
    version: credential.version,
    rotatedAt: credential.rotatedAt,
    rotatedBy: credential.rotatedBy,
    expiresAt: credential.expiresAt,
    expirySource: credential.expirySource,
    rotateEveryDays: credential.rotateEveryDays,
    rotationDueAt: credential.rotationDueAt,
    staged: credential.staged?.version ?? null,
    retiring: credential.retiring?.version ?? null,
  };
}

/** What is another in `to` than it is in `from`. */
export function differences(from: Facts, to: Facts): Difference[] {
  return FACT_NAMES.filter((fact) => from[fact] !== to[fact]).map((fact) => ({ fact, from: from[fact], to: to[fact] }));
}

type Mint = NonNullable<RegistryDetailsFragment['mint']>;

/** One line for all settings, so that any difference between two shows. */
function mintLine(mint: Mint): string {
  const { kind, federated } = mint;
  const set = MINT_FIELD_NAMES.flatMap((name) => {
    const value = mint[name];
    return value === null ? [] : [`${MINT_FIELD_LABELS[name]}: ${value}`];
  });
  return [MINT_KIND_NAMES[kind], ...(federated ? [FEDERATED] : []), ...set].join('; ');
}
