import { decodedBase64, JSON_KEY, JSON_KEY_IN_BASE64, serviceAccountKeyFault } from '../secret-shapes.ts';
import type { MintKindProfile } from './profile.ts';

export const google: MintKindProfile = {
  description: 'Google: from a service-account key. The passwords last an hour.',
  takes: '`_json_key` and the service-account JSON',
  registries: 'gcr.io and <location>-docker.pkg.dev',
  settings: {},
  narrows: true,
  usernameFault: (username) =>
    [JSON_KEY, JSON_KEY_IN_BASE64].includes(username)
      ? undefined
      : "To mint passwords for Google's registries, the user name is _json_key, with a service-account key as password.",
  sourceFault: (username, password) => {
    const fault = serviceAccountKeyFault(serviceAccountKey(username, password));
    return fault === null
      ? undefined
      : {
          field: 'password',
          message: `To mint passwords for Google, paste a service-account key as JSON: this ${fault}.`,
        };
  },
};

/** The key itself. It is stored as it was downloaded, or in base64 with a user name that says so. */
export function serviceAccountKey(username: string, password: string): string {
  return username === JSON_KEY_IN_BASE64 ? (decodedBase64(password) ?? '') : password;
}
