import { decodedBase64, ecrTokenExpiry, isAccessKeyId, isEcrToken } from '../secret-shapes.ts';
import { BY_THE_BOOK, type Diagnosis, type PasswordRules, type ProbeStrategy, type UsernameRules } from './profile.ts';

/** What Amazon's private and public registries have in common. */

export const AMAZON_USERNAME: UsernameRules = {
  hint: 'AWS, in upper case',
  fixed: ['AWS'],
  fault: (username) =>
    isAccessKeyId(username)
      ? 'An access key cannot log in to Amazon ECR itself. Use the user name AWS with the password that `aws ecr get-login-password` prints, or have passwords minted from the access key with `mint`.'
      : 'The user name for Amazon ECR is AWS, in upper case.',
  ofTokens: /^AWS$/,
};

export const AMAZON_PASSWORD: Omit<PasswordRules, 'hint'> = {
  tokens: [{ shape: { test: isEcrToken }, tells: 'TOKEN' }],
  // The API's authorization token is `AWS:<password>` in base64.
  fault: (text) =>
    decodedBase64(text)?.startsWith('AWS:')
      ? 'This is the authorization token of the API, which holds user name and password. Use what `aws ecr get-login-password` prints.'
      : undefined,
  warnings: (text, username) =>
    username === 'AWS' && ecrTokenExpiry(text) === null
      ? ['This does not look like what `aws ecr get-login-password` prints.']
      : [],
  expiresAt: ecrTokenExpiry,
};

export const AMAZON_PROBE: ProbeStrategy = {
  ...BY_THE_BOOK,
  // 400 if the password is not one of Amazon's at all.
  refusedLogin: [400, 401, 403],
  // Plain text, with status 403.
  expiredText: /authorization token has expired/i,
  plainTextRefusals: true,
};

export const AMAZON_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'AUTHENTICATION_FAILED',
    cause: 'Amazon ECR refused the login: it did not make this password, or made it for another account or region.',
    fix: 'Enter what `aws ecr get-login-password` prints for this account and region, with the user name AWS, or have passwords minted from an access key with `mint`.',
  },
  {
    outcome: 'EXPIRED',
    cause: 'A password of Amazon ECR is valid for 12 hours, and this one has expired.',
    fix: 'Enter a new one (`aws ecr get-login-password`), or have passwords minted from an access key with `mint`.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    cause: 'The identity behind this password is not allowed to do this in the repository.',
    fix: 'To pull it needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, to push also ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage; see also the policy of the repository.',
  },
];
