import { type Option, type Options, UsageError } from '../command.ts';
import { chosen } from './option-values.ts';
import { readPassword } from './prompt.ts';

export const PASSWORD_OPTIONS = {
  'password-stdin': { type: 'boolean', summary: 'reads the password from standard input, not from the terminal' },
  'expires-at': { type: 'string', value: '<time>', summary: 'when the password expires, such as 2027-03-01T00:00:00Z' },
} satisfies Record<string, Option>;

const KINDS = ['AMAZON_ECR', 'AMAZON_ECR_PUBLIC', 'ARTIFACTORY', 'AZURE', 'GITHUB_APP', 'GOOGLE', 'QUAY'] as const;

/** Of passwords that a cloud mints for each pipeline. Each option is the field of `MintInput` with this name. */
export const MINT_OPTIONS = {
  mint: { type: 'string', value: '<kind>', choices: KINDS, summary: 'has short-lived passwords minted by the cloud' },
  'mint-federated': { type: 'boolean', summary: 'stores no secret: the cloud trusts the service itself' },
  'mint-role-arn': { type: 'string', value: '<arn>', summary: 'a role to assume first (Amazon)' },
  'mint-external-id': { type: 'string', value: '<id>', summary: 'the external id that the role asks for (Amazon)' },
  'mint-tenant-id': { type: 'string', value: '<id>', summary: 'the tenant (Azure)' },
  'mint-client-id': { type: 'string', value: '<id>', summary: 'the application or identity (Azure, federated)' },
  'mint-installation-id': { type: 'string', value: '<number>', summary: 'the installation of the app (GitHub)' },
  'mint-api-url': { type: 'string', value: '<url>', summary: 'the API of a GitHub Enterprise Server' },
  'mint-workload-identity-provider': { type: 'string', value: '<name>', summary: 'the provider (Google, federated)' },
  'mint-service-account-email': { type: 'string', value: '<address>', summary: 'whom to act as (Google, federated)' },
  'mint-robot': { type: 'string', value: '<name>', summary: 'the robot, <organization>+<robot> (Quay, federated)' },
  'mint-provider-name': { type: 'string', value: '<name>', summary: 'the integration (Artifactory, federated)' },
} satisfies Record<string, Option>;

export const YES = {
  yes: { type: 'boolean', summary: 'does not ask' },
} satisfies Record<string, Option>;

export function mintInput(options: Options): Record<string, unknown> | undefined {
  const further = Object.keys(MINT_OPTIONS).filter((name) => name !== 'mint' && options[name] !== undefined);
  if (options.mint === undefined) {
    if (further[0] !== undefined) throw new UsageError(`--${further[0]} needs --mint.`);
    return undefined;
  }
  const fields = further.map((name) => [camelCase(name.replace(/^mint-/, '')), options[name]]);
  return { kind: chosen(options, 'mint', KINDS), ...Object.fromEntries(fields) };
}

/** Undefined if the cloud takes none. @throws UsageError */
export async function enteredPassword(
  options: Options,
  mint: ReturnType<typeof mintInput>,
  asked: string,
): Promise<string | undefined> {
  const fromInput = options['password-stdin'] === true;
  if (mint?.federated !== true) return readPassword(fromInput, asked);
  if (fromInput) throw new UsageError('With --mint-federated there is no password: leave --password-stdin out.');
  return undefined;
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
