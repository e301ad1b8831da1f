import { describe, expect, it } from 'vitest';
import { ConsoleConfigurationError, parseConsoleProvider } from '../../../src/adapters/auth/console-provider.ts';

const ISSUERS = [
  { issuer: 'https://id.example', audience: ['purser', 'client-of-it'], grants: 'claims' },
  { issuer: 'https://tenant.auth.example/', audience: ['purser'], grants: 'claims' },
  { issuer: 'http://localhost:9000', audience: ['purser'], grants: 'claims' },
  { issuer: 'https://jobs.example', audience: ['purser'], grants: 'rules' },
] as const;
const GIVEN = { issuer: 'https://id.example', clientId: 'console', scope: 'openid offline_access' };

const parsed = (changed: object) => parseConsoleProvider(JSON.stringify({ ...GIVEN, ...changed }), ISSUERS);

function faultOf(value: string): string {
  try {
    parseConsoleProvider(value, ISSUERS);
  } catch (error) {
    if (error instanceof ConsoleConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('CONSOLE_OIDC', () => {
  it.each([
    [{}, { origins: [] }],
    [{ resource: 'https://purser.example' }, { resource: 'https://purser.example', origins: [] }],
    [{ audience: 'purser' }, { audience: 'purser', origins: [] }],
    [{ issuer: 'https://tenant.auth.example/' }, { issuer: 'https://tenant.auth.example/', origins: [] }],
    [{ issuer: 'http://localhost:9000' }, { issuer: 'http://localhost:9000', origins: [] }],
    [{ origins: ['https://oauth2.example'] }, { origins: ['https://oauth2.example'] }],
  ])('takes %j', (changed, expected) => {
    expect(parsed(changed)).toEqual({ ...GIVEN, ...expected });
  });

  it.each([
    [{ issuer: 'http://id.example' }, 'CONSOLE_OIDC.issuer: must be the https URL of the provider'],
    [{ issuer: 'https://id.example?x=1' }, 'CONSOLE_OIDC.issuer: must be the https URL of the provider'],
    [{ issuer: 'https://ada@id.example' }, 'CONSOLE_OIDC.issuer: must be the https URL of the provider'],
    [{ issuer: "https://id.example; script-src 'x'" }, 'CONSOLE_OIDC.issuer: must be the https URL of the provider'],
    [{ issuer: 'https://id.example/' }, 'CONSOLE_OIDC.issuer: https://id.example/ is not an issuer of JWT_ISSUERS'],
    [{ issuer: 'https://jobs.example' }, 'CONSOLE_OIDC.issuer: https://jobs.example has "grants": "rules"'],
    [{ clientId: 'client-of-it' }, 'CONSOLE_OIDC.clientId: client-of-it is an audience of JWT_ISSUERS, so ID tokens'],
    [{ clientId: '' }, 'CONSOLE_OIDC.clientId: must be the id of a public client'],
    [{ scope: 'profile' }, 'CONSOLE_OIDC.scope: must be scopes separated by single spaces, with openid among them'],
    [{ scope: undefined }, 'CONSOLE_OIDC.scope: must be scopes'],
    [{ resource: 'a', audience: 'b' }, 'CONSOLE_OIDC.audience: must be left out where resource is given'],
    [{ origins: ['https://a.example/path'] }, 'CONSOLE_OIDC.origins[0]: must be an array of at most 5 https origins'],
    [{ origins: ['*'] }, 'CONSOLE_OIDC.origins[0]: must be an array'],
    [{ origins: ["https://a.example 'unsafe-inline'"] }, 'CONSOLE_OIDC.origins[0]: must be an array'],
    [{ clientSecret: 'x' }, 'CONSOLE_OIDC: has the unknown field clientSecret: the known fields are issuer, clientId'],
  ])('refuses %j with a line that names the field', (changed, sentence) => {
    expect(faultOf(JSON.stringify({ ...GIVEN, ...changed }))).toContain(sentence);
  });

  it.each(['[]', '"x"', '{', '/nowhere/console.json'])('refuses %j', (value) => {
    expect(faultOf(value)).toMatch(/^CONSOLE_OIDC: .*(?:an object|JSON object)/);
  });
});
