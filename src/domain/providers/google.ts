import type { ProbeDetail } from '../probe-outcome.ts';
import {
  decodedBase64,
  JSON_KEY,
  JSON_KEY_IN_BASE64,
  looksLikeJson,
  otherGoogleLogin,
  serviceAccountKeyFault,
} from '../secret-shapes.ts';
import { BY_THE_BOOK, type ProviderProfile } from './profile.ts';

/** With this user name the password is an access token. */
export const ACCESS_TOKEN_USERNAME = 'oauth2accesstoken';
const ACCESS_TOKEN = /^ya29\.[\x21-\x7e]+$/;

export const google: ProviderProfile = {
  description: 'Google Artifact Registry and Container Registry.',
  registries: [
    {
      name: 'Google Container Registry',
      urlPatterns: ['gcr.io', 'us.gcr.io', 'eu.gcr.io', 'asia.gcr.io'],
      host: /^(?:[a-z0-9-]+\.)*gcr\.io$/,
    },
    {
      name: 'Google Artifact Registry',
      urlPatterns: ['<location>-docker.pkg.dev'],
      host: /^[a-z0-9-]+-docker\.pkg\.dev$/,
    },
  ],
  documentation: 'https://cloud.google.com/artifact-registry/docs/docker/authentication',
  username: {
    hint: `${JSON_KEY} for a service-account key, ${JSON_KEY_IN_BASE64} for one in base64, ${ACCESS_TOKEN_USERNAME} for an access token`,
    fixed: [JSON_KEY, JSON_KEY_IN_BASE64, ACCESS_TOKEN_USERNAME],
    fault: () =>
      `The user name for Google's registries is ${JSON_KEY} with a service-account key as JSON, ${JSON_KEY_IN_BASE64} with one in base64, or ${ACCESS_TOKEN_USERNAME} with an access token.`,
    ofTokens: new RegExp(`^${ACCESS_TOKEN_USERNAME}$`),
    ofKeys: /^_json_key/,
  },
  password: {
    hint: 'The whole JSON file of a service-account key, or an access token (valid for an hour)',
    tokens: [
      { shape: ACCESS_TOKEN, tells: 'ISSUER' },
      { shape: { test: (text) => serviceAccountKeyFault(decodedBase64(text) ?? '') === null }, tells: 'TOKEN' },
    ],
    refuses: 'FOREIGN_TOKENS',
    fault: keyFault,
    warnings: (text, username) => [
      ...(ACCESS_TOKEN.test(text)
        ? ['This access token is valid for an hour at most. A service-account key lasts.']
        : []),
      ...(username.startsWith(JSON_KEY) && !looksLikeJson(decodedBase64(text) ?? text)
        ? [`With the user name ${username} the password must be a service-account key; this is not one.`]
        : []),
    ],
    refusedAs: (text, username) => (username.startsWith(JSON_KEY) ? damageOf(decodedBase64(text) ?? text) : null),
  },
  // The token handshake alone is enough.
  probe: { ...BY_THE_BOOK, token: 'REFUSED_OR_WHOLE' },
  mintKinds: ['GOOGLE'],
  diagnoses: [
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'REQUOTED_KEY',
      cause: 'The service-account key was quoted again on its way here, so it is no longer JSON.',
      fix: 'Paste the file as it was downloaded, without quotes around it and without backslashes, or its base64 with the user name _json_key_base64.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      detail: 'BROKEN_KEY',
      cause: 'The service-account key is incomplete: it is not valid JSON, or lacks a field.',
      fix: 'Paste the file as it was downloaded, from the first brace to the last, with the user name _json_key.',
    },
    {
      outcome: 'AUTHENTICATION_FAILED',
      cause: 'Google refused the login: the key was deleted, or the access token is older than an hour.',
      fix: 'Check that the service account and this key still exist. Use _json_key with the whole JSON file, or oauth2accesstoken with a fresh access token.',
    },
    {
      outcome: 'EXPIRED',
      cause: 'This access token has expired: it is valid for an hour at most.',
      fix: 'Use a service-account key, or have tokens minted from one with `mint`.',
    },
    {
      outcome: 'INSUFFICIENT_PERMISSION',
      cause: 'The service account has no role that allows this in the repository.',
      fix: 'Grant it roles/artifactregistry.writer, or roles/artifactregistry.reader to pull only, on the repository or its project.',
    },
    {
      outcome: 'REPOSITORY_NOT_FOUND',
      cause: 'There is no such repository in Artifact Registry, and a push does not create one.',
      fix: 'Create it first (`gcloud artifacts repositories create`). The image path is <project>/<repository>/<image>.',
    },
  ],
};

/** The usual reasons why Google answers 401: a key with the other form's user name, or a damaged key. */
function keyFault(text: string, username: string): string | undefined {
  const plain = looksLikeJson(text) ? text : undefined;
  const decoded = decodedBase64(text);
  const encoded = decoded !== undefined && looksLikeJson(decoded) ? decoded : undefined;
  const key = plain ?? encoded;
  const other = key === undefined ? undefined : otherGoogleLogin(key);
  if (other !== undefined) return other;
  if (username === JSON_KEY && encoded !== undefined) {
    return `This service-account key is in base64. Use it with the user name ${JSON_KEY_IN_BASE64}.`;
  }
  if (username !== JSON_KEY && plain !== undefined) {
    return `This is a service-account key as JSON. Use it with the user name ${JSON_KEY}.`;
  }
  const fault = key === undefined ? null : serviceAccountKeyFault(key);
  return fault === null
    ? undefined
    : `The service-account key ${fault}. Paste the file as it was downloaded, from the first brace to the last.`;
}

function damageOf(key: string): ProbeDetail | null {
  if (serviceAccountKeyFault(key) === null) return null;
  return isRequoted(key) ? 'REQUOTED_KEY' : 'BROKEN_KEY';
}

/** A shell, a YAML file or a form has put quotes around the JSON, or backslashes into it. */
function isRequoted(text: string): boolean {
  const trimmed = text.trim();
  return /^["'`]/.test(trimmed) || /^\{[\s\\nrt]*\\"/.test(trimmed) || /^\{\s*'/.test(trimmed);
}
