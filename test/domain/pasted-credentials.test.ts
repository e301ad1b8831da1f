import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/domain/diagnosis.ts';
import {
  checkPassword,
  credentialKind,
  normalisePassword,
  secretFault,
  secretWarnings,
} from '../../src/domain/entered-credential.ts';
import { providerOf, resolveProvider } from '../../src/domain/providers.ts';
import { parseRegistryUrl } from '../../src/domain/registry-url.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { refusal } from './refusals.ts';

const NOW = Date.parse('2030-01-31T09:00:00Z');
const password = new Secret(canary('pasted'));

describe('a user name', () => {
  it.each(['robot$$team+ci', 'robot\\$team+ci', '"robot$team+ci"', "'ada'", 'robot&#36;team+ci', 'robot%24team+ci'])(
    '%s was pasted with escapes, which is a warning',
    (username) => {
      expect(secretWarnings('HARBOR', username, password)).toEqual([expect.stringContaining('robot$team+ci')]);
    },
  );

  it.each(['robot$team+ci', '$oauthtoken', '$app', 'team+ci', 'gitlab+deploy-token-1', "o'hara", '100%'])(
    '%s is as it should be',
    (username) => expect(secretWarnings('HARBOR', username, password)).toEqual([]),
  );
});

describe('a line break at the end of a password', () => {
  const chosen = new Secret(`${password.reveal()}\n`);

  it('is kept, and named when the login is refused', () => {
    expect(normalisePassword('GENERIC', 'ada', chosen)).toBe(chosen);
    for (const provider of ['GENERIC', 'HARBOR', 'DOCKER_HUB', 'GITLAB'] as const) {
      const detail = secretFault(provider, 'ada', chosen, NOW);
      expect(detail).toBe('TRAILING_LINE_BREAK');
      const finding = { provider, url: 'registry.example.com', outcome: 'AUTHENTICATION_FAILED', detail } as const;
      expect(diagnose(finding)).toContain('ends with a line break');
    }
  });

  it('is nothing to name in a key, or if there is none', () => {
    expect(secretFault('GENERIC', 'ada', new Secret('{"a":1}\n'), NOW)).toBeNull();
    expect(secretFault('GENERIC', 'ada', password, NOW)).toBeNull();
  });
});

describe("GitLab's tokens", () => {
  const prefixes = [
    'glpat',
    'gloas',
    'gldt',
    'glrt',
    'glrtr',
    'glptt',
    'glft',
    'glimt',
    'glagent',
    'glwt',
    'glsoat',
    'glffct',
  ];

  it.each(prefixes)('begin with %s-, and lose a line break', (prefix) => {
    const token = `${prefix}-${canary('gitlab')}.01.0x1`;
    expect(credentialKind('GITLAB', 'ada', new Secret(token))).toBe('TOKEN');
    expect(normalisePassword('GENERIC', 'ada', new Secret(`${token}\n`)).reveal() === token).toBe(true);
  });
});

describe('a JSON file of Google that is no key', () => {
  it.each(['external_account', 'authorized_user', 'impersonated_service_account', 'external_account_authorized_user'])(
    'is refused with its type: %s',
    (type) => {
      const file = JSON.stringify({ type, client_secret: password.reveal(), client_email: 'a', private_key: 'b' });
      for (const [username, text] of [
        ['_json_key', file],
        ['_json_key_base64', Buffer.from(file).toString('base64')],
      ] as const) {
        const { field, message } = refusal(() => checkPassword('GOOGLE', username, new Secret(text)));
        expect(field).toBe('password');
        expect(message).toMatch(new RegExp(`type \`${type}\`.*Create a key of a service account`));
        expect(message).not.toContain(password.reveal());
      }
    },
  );
});

describe('a host', () => {
  const parse = (url: string) => parseRegistryUrl(url, { plainHttpHosts: new Set() }).url;

  it.each(['images.azurecr.de', 'https://IMAGES.azurecr.de/v2/', 'azurecr.de'])(
    "%s was closed with Azure's cloud in Germany",
    (url) => {
      const { field, message } = refusal(() => parse(url));
      expect(field).toBe('url');
      expect(message).toMatch(/closed.*azurecr\.io/);
    },
  );

  it.each(['images.azurecr.us', 'images.azurecr.cn'])('%s is of another cloud of Azure', (url) => {
    expect(providerOf(parse(url))).toBe('AZURE');
  });

  it('of GitHub Enterprise is known on ghe.com, and declared on an own one', () => {
    expect(providerOf('containers.octocorp.ghe.com')).toBe('GITHUB');
    expect(providerOf('containers.octocorp.ghe.com.evil.example')).toBe('GENERIC');
    expect(providerOf('containers.ghe.example.com')).toBe('GENERIC');
    expect(resolveProvider('containers.ghe.example.com', 'GITHUB')).toBe('GITHUB');
  });
});
