import { readRsaPrivateKey } from '../rsa-keys.ts';
import {
  decodedBase64,
  JSON_KEY,
  JSON_KEY_IN_BASE64,
  otherGoogleLogin,
  serviceAccountKeyFault,
} from '../secret-shapes.ts';
import type { MintKindProfile } from './profile.ts';

export const google: MintKindProfile = {
  description: 'Google: from a service-account key. The passwords last an hour.',
  takes: '`_json_key` and the service-account JSON',
  registries: 'gcr.io and <location>-docker.pkg.dev',
  settings: {},
  federated: {
    settings: {
      workloadIdentityProvider: {
        shape:
          /^\/\/iam\.googleapis\.com\/projects\/\d{1,20}\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
        required: true,
        fault:
          'workloadIdentityProvider is required for GOOGLE with federated: //iam.googleapis.com/projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>.',
      },
      serviceAccountEmail: {
        shape: /^[a-z0-9-]{1,63}@[a-z0-9.-]{1,100}\.gserviceaccount\.com$/,
        required: false,
        fault:
          'serviceAccountEmail is for GOOGLE with federated: the service account to act as, such as name@project.iam.gserviceaccount.com.',
      },
    },
    // What a provider of a pool expects if no audiences are entered there.
    audience: ({ workloadIdentityProvider }) => `https:${workloadIdentityProvider}`,
  },
  narrows: true,
  usernameFault: (username) =>
    [JSON_KEY, JSON_KEY_IN_BASE64].includes(username)
      ? undefined
      : "To mint passwords for Google's registries, the user name is _json_key, with a service-account key as password.",
  sourceFault: (username, password) => {
    const key = serviceAccountKey(username, password);
    const other = otherGoogleLogin(key);
    if (other !== undefined) return { field: 'password', message: other };
    const fault = serviceAccountKeyFault(key) ?? privateKeyFault(key);
    return fault === null
      ? undefined
      : {
          field: 'password',
          message: `To mint passwords for Google, paste a service-account key as JSON: this ${fault}.`,
        };
  },
};

/** What is wrong with the key inside a complete service-account key, as the end of a sentence; null if it can sign. */
function privateKeyFault(json: string): string | null {
  const read = readRsaPrivateKey(String(JSON.parse(json).private_key));
  return 'key' in read ? null : `has a \`private_key\` that ${read.fault}`;
}

/** The key itself. It is stored as it was downloaded, or in base64 with a user name that says so. */
export function serviceAccountKey(username: string, password: string): string {
  return username === JSON_KEY_IN_BASE64 ? (decodedBase64(password) ?? '') : password;
}
