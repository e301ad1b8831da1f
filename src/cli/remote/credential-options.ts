import { type Option, type Options, UsageError } from '../command.ts';
import { chosen } from './option-values.ts';

export const PASSWORD_OPTIONS = {
  'password-stdin': { type: 'boolean', summary: 'reads the password from standard input, not from the terminal' },
  'expires-at': { type: 'string', value: '<time>', summary: 'when the password expires, such as 2027-03-01T00:00:00Z' },
} satisfies Record<string, Option>;

const KINDS = ['AMAZON_ECR', 'AMAZON_ECR_PUBLIC', 'AZURE', 'GITHUB_APP', 'GOOGLE'] as const;

/** Of passwords that a cloud mints for each pipeline. Each option is the field of `MintInput` with this name. */
export const MINT_OPTIONS = {
  mint: { type: 'string', value: '<kind>', choices: KINDS, summary: 'has short-lived passwords minted by the cloud' },
  'mint-role-arn': { type: 'string', value: '<arn>', summary: 'a role to assume first (Amazon)' },
  'mint-external-id': { type: 'string', value: '<id>', summary: 'the external id that the role asks for (Amazon)' },
  'mint-tenant-id': { type: 'string', value: '<id>', summary: 'the tenant (Azure)' },
  'mint-installation-id': { type: 'string', value: '<number>', summary: 'the installation of the app (GitHub)' },
  'mint-api-url': { type: 'string', value: '<url>', summary: 'the API of a GitHub Enterprise Server' },
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

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
