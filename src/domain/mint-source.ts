import { createPrivateKey } from 'node:crypto';
import type { LeasePurpose, MintKind } from './credential.ts';
import { badUserInput } from './errors.ts';
import type { Secret } from './secret.ts';
import { decodedBase64, serviceAccountKeyFault } from './secret-shapes.ts';

/** The id of a GitHub app, or its client id. */
const APP_ID = /^(?:[1-9]\d{0,18}|Iv[\w.]{8,60})$/;

/**
 * Refuses a cloud credential that its cloud can never accept, before it is stored.
 * @throws PurserError BAD_USER_INPUT on `username` or `password`; no message holds any part of the password
 */
export function checkMintSource(kind: MintKind, username: string, password: Secret): void {
  switch (kind) {
    case 'AMAZON_ECR':
      checkAccessKey(username);
      return;
    case 'GOOGLE':
      checkServiceAccountKey(username, password.reveal());
      return;
    case 'AZURE':
      return;
    case 'GITHUB_APP':
      checkApp(username, password.reveal());
      return;
    default:
      unknownKind(kind);
  }
}

/** What a minted password will be good for: its purpose where its kind can be narrowed to that, otherwise everything. */
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

/** The service-account key that is stored as it was downloaded, or in base64 under a user name that says so. */
export function serviceAccountKey(username: string, text: string): string {
  return username === '_json_key_base64' ? (decodedBase64(text) ?? '') : text;
}

function checkAccessKey(username: string): void {
  if (!username.startsWith('ASIA')) return;
  throw badUserInput(
    'username',
    'This is a temporary access key (ASIA…), which needs a session token and soon ends. Use the access key of an IAM user (AKIA…).',
  );
}

function checkServiceAccountKey(username: string, text: string): void {
  const fault = serviceAccountKeyFault(serviceAccountKey(username, text));
  if (fault === null) return;
  throw badUserInput('password', `To mint passwords for Google, paste a service-account key as JSON: this ${fault}.`);
}

function checkApp(username: string, pem: string): void {
  if (!APP_ID.test(username)) {
    throw badUserInput('username', "To mint passwords for GitHub, the user name is the app's id or its client id.");
  }
  if (!isRsaPrivateKey(pem)) {
    throw badUserInput(
      'password',
      'To mint passwords for GitHub, the password is a private key of the app: paste the .pem file as it was downloaded.',
    );
  }
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
