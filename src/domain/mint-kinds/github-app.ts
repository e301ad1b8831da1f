import { readRsaPrivateKey } from '../rsa-keys.ts';
import type { MintKindProfile } from './profile.ts';

/** In lower case, and without a slash at its end. */
const API_URL =
  /^https:\/\/(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[1-9]\d{0,4})?(?:\/api\/v3)?$/;
/** The id of a GitHub app, or its client id. */
const APP_ID = /^(?:[1-9]\d{0,18}|Iv[\w.]{8,60})$/;

export const githubApp: MintKindProfile = {
  description: 'GitHub: from the private key of an app. The passwords last an hour.',
  takes: 'an app id and its private key',
  registries: 'ghcr.io and GitHub Enterprise',
  settings: {
    installationId: {
      shape: /^[1-9]\d{0,18}$/,
      required: true,
      fault: 'installationId is required for GITHUB_APP, and only there: the number of the installation.',
    },
    apiUrl: {
      shape: API_URL,
      required: false,
      fault:
        'apiUrl is for GITHUB_APP on GitHub Enterprise: the base of its API, such as https://github.example.com/api/v3 or https://api.octocorp.ghe.com.',
    },
  },
  narrows: true,
  sourceFault: (username, password) => {
    if (!APP_ID.test(username)) {
      return {
        field: 'username',
        message: "To mint passwords for GitHub, the user name is the app's id or its client id.",
      };
    }
    const read = readRsaPrivateKey(password);
    return 'key' in read
      ? undefined
      : {
          field: 'password',
          message: `To mint passwords for GitHub, the password is a private key of the app: paste the .pem file as it was downloaded. This text ${read.fault}.`,
        };
  },
};
