import { createPrivateKey } from 'node:crypto';
import { ecrHost } from './ecr-host.ts';
import { badUserInput } from './errors.ts';
import type { LeasePurpose, MintConfig, MintKind, RegistryProvider } from './events.ts';
import type { Secret } from './secret.ts';
import { decodedBase64, serviceAccountKeyFault } from './secret-shapes.ts';

/** As it was entered. Each kind takes its own fields and no others. */
export interface ProposedMint {
  readonly kind: MintKind;
  readonly roleArn?: string | null | undefined;
  readonly tenantId?: string | null | undefined;
  readonly installationId?: string | null | undefined;
}

type KindField = 'roleArn' | 'tenantId' | 'installationId';

const PROVIDER_OF: Readonly<Record<MintKind, RegistryProvider>> = {
  AMAZON_ECR: 'AMAZON_ECR',
  GOOGLE: 'GOOGLE',
  AZURE: 'AZURE',
  GITHUB_APP: 'GITHUB',
};
const FIELD_OF: Readonly<Record<MintKind, KindField | null>> = {
  AMAZON_ECR: 'roleArn',
  GOOGLE: null,
  AZURE: 'tenantId',
  GITHUB_APP: 'installationId',
};

const ROLE_ARN = /^arn:(?<partition>aws[a-z-]*):iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;
/** A tenant's id, or one of its domains: it becomes a part of a path, so nothing else may stand there. */
const TENANT =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})$/i;
const INSTALLATION_ID = /^[1-9]\d{0,18}$/;
/** The id of the app, or its client id. */
const APP_ID = /^(?:[1-9]\d{0,18}|Iv[\w.]{8,60})$/;

/**
 * How passwords for this registry are minted, if they can be.
 * @throws PurserError BAD_USER_INPUT on `mint` or the field of it that is at fault
 */
export function checkMint(provider: RegistryProvider, url: string, proposed: ProposedMint): MintConfig {
  const { kind } = proposed;
  if (provider === 'AMAZON_ECR_PUBLIC') {
    throw badUserInput(
      'mint',
      'Passwords for the public gallery of Amazon ECR cannot be minted. Images there are pulled without one; to push, store what `aws ecr-public get-login-password` prints.',
    );
  }
  if (PROVIDER_OF[kind] !== provider) {
    throw badUserInput('mint', `${kind} mints passwords for ${PROVIDER_OF[kind]}, and ${url} is ${provider}.`);
  }
  if (url.endsWith('.azurecr.de')) {
    throw badUserInput('mint', "Azure's German cloud was closed in 2021. No passwords can be minted there.");
  }
  for (const field of Object.values(FIELD_OF)) {
    if (field !== null && field !== FIELD_OF[kind] && entered(proposed[field]) !== null) {
      throw badUserInput(`mint.${field}`, `\`${field}\` does not belong to ${kind}. Leave it out.`);
    }
  }
  return {
    kind,
    roleArn: kind === 'AMAZON_ECR' ? roleArnFor(url, entered(proposed.roleArn)) : null,
    tenantId: kind === 'AZURE' ? tenantId(entered(proposed.tenantId)) : null,
    installationId: kind === 'GITHUB_APP' ? installationId(entered(proposed.installationId)) : null,
  };
}

/**
 * Refuses a cloud credential that no cloud can accept, before it is stored.
 * @throws PurserError BAD_USER_INPUT on `username` or `password`; no message holds any part of the password
 */
export function checkMintSource(kind: MintKind, username: string, password: Secret): void {
  const text = password.reveal();
  switch (kind) {
    case 'AMAZON_ECR':
      if (username.startsWith('ASIA')) {
        throw badUserInput(
          'username',
          'This is a temporary access key (ASIA…), which needs a session token and soon ends. Use the access key of an IAM user (AKIA…).',
        );
      }
      return;
    case 'GOOGLE': {
      const fault = serviceAccountKeyFault(username === '_json_key_base64' ? (decodedBase64(text) ?? '') : text);
      if (fault !== null) {
        throw badUserInput('password', `To mint passwords for Google, paste a service-account key: this ${fault}.`);
      }
      return;
    }
    case 'AZURE':
      return;
    case 'GITHUB_APP':
      if (!APP_ID.test(username)) {
        throw badUserInput('username', "To mint passwords for GitHub, the user name is the app's id or its client id.");
      }
      if (!isRsaPrivateKey(text)) {
        throw badUserInput(
          'password',
          'To mint passwords for GitHub, the password is a private key of the app: paste the .pem file as it was downloaded.',
        );
      }
      return;
    default:
      unknownKind(kind);
  }
}

/** What a minted password will be good for, where its kind can be narrowed to less than all that the source may. */
export function mintedPurpose(kind: MintKind, purpose: LeasePurpose): LeasePurpose {
  switch (kind) {
    case 'GOOGLE':
    case 'GITHUB_APP':
      return purpose;
    case 'AMAZON_ECR':
    case 'AZURE':
      return 'PUSH';
    default:
      return unknownKind(kind);
  }
}

function roleArnFor(url: string, roleArn: string | null): string | null {
  if (roleArn === null) return null;
  const partition = ROLE_ARN.exec(roleArn)?.groups?.partition;
  if (partition === undefined) {
    throw badUserInput('mint.roleArn', 'Enter the role as arn:aws:iam::<account>:role/<name>.');
  }
  if (partition !== partitionOf(ecrHost(url)?.region ?? '', partition)) {
    throw badUserInput('mint.roleArn', `A role of ${partition} cannot be assumed for ${url}.`);
  }
  return roleArn;
}

/** Of regions whose names do not tell, the one that was `entered`, unless that is another region's. */
function partitionOf(region: string, entered: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return entered === 'aws-cn' || entered === 'aws-us-gov' ? 'aws' : entered;
}

function tenantId(text: string | null): string {
  if (text === null || !TENANT.test(text)) {
    throw badUserInput('mint.tenantId', "Enter the id of the service principal's tenant, a UUID, or its domain.");
  }
  return text.toLowerCase();
}

function installationId(text: string | null): string {
  if (text === null || !INSTALLATION_ID.test(text)) {
    throw badUserInput(
      'mint.installationId',
      "Enter the id of the app's installation: the number at the end of its settings page's address.",
    );
  }
  return text;
}

/** Blank is as good as left out. */
function entered(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

function isRsaPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function unknownKind(kind: never): never {
  throw new Error(`unknown kind of minting ${kind}`);
}
