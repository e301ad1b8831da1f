import type { MintInput, MintKind, RegistryDetailsFragment, RegistryProvider } from '../api/generated/graphql.ts';

export type MintSettings = NonNullable<RegistryDetailsFragment['mint']>;
export type MintField = Exclude<keyof MintSettings, 'kind' | 'federated'>;

interface FieldsOfKind {
  readonly providers: readonly RegistryProvider[];
  /** With a stored secret of the cloud; undefined: only federated. */
  readonly stored?: readonly MintField[];
  /** Without one; undefined: never. */
  readonly federated?: readonly MintField[];
  readonly required: readonly MintField[];
}

/** What each cloud asks for, as the descriptions of `MintInput` say. */
export const MINT_FIELDS: Readonly<Record<MintKind, FieldsOfKind>> = {
  AMAZON_ECR: {
    providers: ['AMAZON_ECR'],
    stored: ['roleArn', 'externalId'],
    federated: ['roleArn'],
    required: [],
  },
  AMAZON_ECR_PUBLIC: {
    providers: ['AMAZON_ECR_PUBLIC'],
    stored: ['roleArn', 'externalId'],
    federated: ['roleArn'],
    required: [],
  },
  GOOGLE: {
    providers: ['GOOGLE'],
    stored: [],
    federated: ['workloadIdentityProvider', 'serviceAccountEmail'],
    required: ['workloadIdentityProvider'],
  },
  AZURE: {
    providers: ['AZURE'],
    stored: ['tenantId'],
    federated: ['tenantId', 'clientId'],
    required: ['tenantId', 'clientId'],
  },
  GITHUB_APP: { providers: ['GITHUB'], stored: ['installationId', 'apiUrl'], required: ['installationId'] },
  QUAY: { providers: ['QUAY'], federated: ['robot'], required: ['robot'] },
  ARTIFACTORY: { providers: ['ARTIFACTORY'], federated: ['providerName'], required: ['providerName'] },
};

export const MINT_FIELD_NAMES = [
  'roleArn',
  'externalId',
  'workloadIdentityProvider',
  'serviceAccountEmail',
  'tenantId',
  'clientId',
  'installationId',
  'apiUrl',
  'robot',
  'providerName',
] as const satisfies readonly MintField[];

/** How the next version is to be used: `password` is issued itself. */
export type MintChoice = 'password' | { readonly kind: MintKind; readonly federated: boolean };

/** What can be chosen for a registry of this provider. */
export function mintChoices(provider: RegistryProvider): MintChoice[] {
  const choices: MintChoice[] = ['password'];
  for (const kind of MINT_KINDS) {
    const { providers, stored, federated } = MINT_FIELDS[kind];
    if (!providers.includes(provider)) continue;
    if (stored) choices.push({ kind, federated: false });
    if (federated) choices.push({ kind, federated: true });
  }
  return choices;
}

export const MINT_KINDS = [
  'AMAZON_ECR',
  'AMAZON_ECR_PUBLIC',
  'GOOGLE',
  'AZURE',
  'GITHUB_APP',
  'QUAY',
  'ARTIFACTORY',
] as const satisfies readonly MintKind[];

export function fieldsOf(choice: MintChoice): readonly MintField[] {
  if (choice === 'password') return [];
  const { stored = [], federated = [] } = MINT_FIELDS[choice.kind];
  return choice.federated ? federated : stored;
}

export function isRequired(choice: MintChoice, field: MintField): boolean {
  if (choice === 'password') return false;
  // An access key may log in without a role; a login without one has nothing else to become.
  if (field === 'roleArn') return choice.federated;
  return MINT_FIELDS[choice.kind].required.includes(field);
}

/** Whether a user name and a password are entered with it. */
export function takesSecret(choice: MintChoice): boolean {
  return choice === 'password' || !choice.federated;
}

/** The choice that a registry has now. */
export function choiceOf(mint: Pick<MintSettings, 'kind' | 'federated'> | null): MintChoice {
  return mint === null ? 'password' : { kind: mint.kind, federated: mint.federated };
}

/** A name for it among others, for forms. */
export function choiceKey(choice: MintChoice): string {
  if (choice === 'password') return 'password';
  return choice.federated ? `${choice.kind}:federated` : choice.kind;
}

export function choiceFrom(key: string, choices: readonly MintChoice[]): MintChoice {
  return choices.find((choice) => choiceKey(choice) === key) ?? 'password';
}

/** As the API takes it. Null: the password itself is issued. */
export function mintInput(choice: MintChoice, values: Readonly<Partial<Record<MintField, string>>>): MintInput | null {
  if (choice === 'password') return null;
  const input: MintInput = { kind: choice.kind, federated: choice.federated };
  for (const field of fieldsOf(choice)) {
    const value = values[field]?.trim() ?? '';
    if (value !== '') input[field] = value;
  }
  return input;
}

/** The name that a setting of `mint` has as a field of a form. */
export function fieldOfMint(field: MintField): string {
  return `mint.${field}`;
}
