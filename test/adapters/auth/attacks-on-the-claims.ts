import { type Attack, claim, group } from './attack.ts';
import { honestClaims, NOW, payloadWith, type Token } from './forge.ts';

/** As JSON text, for numbers that JavaScript does not write so. */
const rawClaim = (name: string, json: string): Token => ({
  payloadText: payloadWith(`"${name}":${json}`).replace(`,"${name}":${Reflect.get(honestClaims(), name)}`, ''),
});

const ISSUER_AND_AUDIENCE = [
  ...group('unknown_issuer', {
    'no issuer': claim('iss', undefined),
    'another issuer': claim('iss', 'https://evil.example'),
    'an issuer with a slash after it': claim('iss', 'https://id.example/'),
    'an issuer in capitals': claim('iss', 'https://ID.example'),
    'an issuer with a space after it': claim('iss', 'https://id.example '),
    'the beginning of an issuer': claim('iss', 'https://id.exampl'),
    'an empty issuer': claim('iss', ''),
    'null for the issuer': claim('iss', null),
    'a number for the issuer': claim('iss', 1),
    'a list of issuers': claim('iss', ['https://id.example']),
    'the issuer __proto__': claim('iss', '__proto__'),
  }),
  ...group('wrong_audience', {
    'another audience': claim('aud', 'other'),
    'an empty audience': claim('aud', ''),
    'no audience in the list': claim('aud', []),
    'a list of other audiences': claim('aud', ['other', 'third']),
    'an audience with a slash after it': claim('aud', 'purser/'),
    'an audience in capitals': claim('aud', 'Purser'),
    'a longer audience': claim('aud', 'purser2'),
    'the beginning of an audience': claim('aud', 'purse'),
    'an audience with a space after it': claim('aud', 'purser '),
    'two audiences in one text': claim('aud', 'purser,other'),
    "another issuer's audience": claim('aud', 'https://purser.example'),
  }),
  ...group('invalid_claims', {
    'no audience': claim('aud', undefined),
    'null for the audience': claim('aud', null),
    'a number for the audience': claim('aud', 0),
    'true for the audience': claim('aud', true),
    'an object for the audience': claim('aud', { purser: true }),
    'a list in the list of audiences': claim('aud', [['purser']]),
    'a number in the list of audiences': claim('aud', ['purser', 1]),
  }),
];

const TIMES = [
  ...group('expired', {
    'an expiry 1 s ago': claim('exp', NOW - 1),
    'an expiry 6 s ago': claim('exp', NOW - 6),
    'an expiry now': claim('exp', NOW),
    'an expiry a year ago': claim('exp', NOW - 31_536_000),
    'the expiry 0': claim('exp', 0),
    'the expiry -0': rawClaim('exp', '-0'),
    'a negative expiry': claim('exp', -NOW),
    'the expiry 1e-400': rawClaim('exp', '1e-400'),
  }),
  ...group('invalid_claims', {
    'no expiry': claim('exp', undefined),
    'null for the expiry': claim('exp', null),
    'a text for the expiry': claim('exp', String(NOW + 600)),
    'true for the expiry': claim('exp', true),
    'a list for the expiry': claim('exp', [NOW + 600]),
    'an object for the expiry': claim('exp', { $gt: 0 }),
    'the expiry 1e400': rawClaim('exp', '1e400'),
    'the expiry -1e400': rawClaim('exp', '-1e400'),
    'the expiry 1e300': rawClaim('exp', '1e300'),
    'an expiry in milliseconds': claim('exp', (NOW + 600) * 1000),
    'a text for not-before': claim('nbf', String(NOW - 600)),
    'null for not-before': claim('nbf', null),
    'not before 1e400': rawClaim('nbf', '1e400'),
    'no time of issue': claim('iat', undefined),
    'a text for the time of issue': claim('iat', String(NOW - 600)),
    'null for the time of issue': claim('iat', null),
    'the time of issue 1e400': rawClaim('iat', '1e400'),
  }),
  ...group('too_old', {
    'a life of 90 days and a second': claim('exp', NOW - 10 + 90 * 86_400 + 1),
    'issued in 1970': claim('iat', 0),
  }),
  ...group('not_yet_valid', {
    'not before 6 s from now': claim('nbf', NOW + 6),
    'not before an hour from now': { claims: { nbf: NOW + 3600, exp: NOW + 7200 } },
    'issued 6 s from now': claim('iat', NOW + 6),
    'issued an hour from now': { claims: { iat: NOW + 3600, exp: NOW + 7200 } },
  }),
  ...group('malformed', {
    'NaN for the expiry': rawClaim('exp', 'NaN'),
    'Infinity for the expiry': rawClaim('exp', 'Infinity'),
    'a hexadecimal expiry': rawClaim('exp', '0x7fffffff'),
  }),
];

const SUBJECT = group('invalid_claims', {
  'no subject': claim('sub', undefined),
  'an empty subject': claim('sub', ''),
  'a blank subject': claim('sub', '   '),
  'a number for the subject': claim('sub', 42),
  'null for the subject': claim('sub', null),
  'true for the subject': claim('sub', true),
  'a list of subjects': claim('sub', ['alice']),
  'an object for the subject': claim('sub', { id: 'alice' }),
  'a NUL in the subject': claim('sub', 'alice\0'),
  'a newline in the subject': claim('sub', 'alice\nbob'),
  'an escape character in the subject': claim('sub', '\u001b[31malice'),
  'a DEL in the subject': claim('sub', 'alice\u007f'),
  'a lone surrogate in the subject': claim('sub', '\ud800'),
  'reordered text in the subject': claim('sub', '\u202eecila'),
  'a zero-width space in the subject': claim('sub', 'alice\u200b'),
  'a soft hyphen in the subject': claim('sub', 'al\u00adice'),
  'a filler in the subject': claim('sub', 'alice\u3164'),
  'a tag character in the subject': claim('sub', 'alice\u{e0041}'),
  'a line separator in the subject': claim('sub', 'alice\u2028'),
  'a subject of 256 characters': claim('sub', 'a'.repeat(256)),
});

/** The audit log shows it, and a list of revoked tokens names it. */
const TOKEN_ID = group('invalid_claims', {
  'an empty token id': claim('jti', ''),
  'a number for the token id': claim('jti', 7),
  'null for the token id': claim('jti', null),
  'a list of token ids': claim('jti', ['x']),
  'a NUL in the token id': claim('jti', 'x\0'),
  'an escape character in the token id': claim('jti', '\u001b[31mx'),
  'a zero-width space in the token id': claim('jti', 'x\u200b'),
  'a lone surrogate in the token id': claim('jti', '\ud800'),
  'a token id of 256 characters': claim('jti', 'j'.repeat(256)),
});

const GRANTS = group('invalid_claims', {
  'a list of projects': claim('projects', ['demo']),
  'a text for the projects': claim('projects', 'demo'),
  'null for the projects': claim('projects', null),
  'a number for the projects': claim('projects', 1),
  "a text for a project's permissions": claim('projects', { demo: 'iam:project:cicd:registry:read' }),
  "an object for a project's permissions": claim('projects', { demo: { 'iam:project:cicd:registry:read': true } }),
  "null for a project's permissions": claim('projects', { demo: null }),
  "true for a project's permissions": claim('projects', { demo: true }),
  'a list in the list of permissions': claim('projects', { demo: [['iam:project:cicd:registry:read']] }),
  'a number in the list of permissions': claim('projects', { demo: [1] }),
  'null in the list of permissions': claim('projects', { demo: [null] }),
  'one good and one bad project': claim('projects', { demo: [], other: 'iam:project:cicd:registry:read' }),
  'an empty project id': claim('projects', { '': [] }),
  'a blank project id': claim('projects', { ' ': [] }),
  'a NUL in a project id': claim('projects', { 'demo\0': [] }),
  'a zero-width space in a project id': claim('projects', { 'de\u200bmo': [] }),
  'a project id of 256 characters': claim('projects', { ['p'.repeat(256)]: [] }),
  'a text for the permissions': { claims: { project: 'demo', permissions: 'iam:project:cicd:registry:read' } },
  'an object for the permissions': {
    claims: { project: 'demo', permissions: { 0: 'iam:project:cicd:registry:read' } },
  },
  'null for the permissions': { claims: { project: 'demo', permissions: null } },
  'a text for the permissions of no project': { claims: { permissions: 'iam:project:cicd:registry:read' } },
  'a number for the project': { claims: { project: 7, permissions: [] } },
  'a list for the project': { claims: { project: ['demo'], permissions: [] } },
  'null for the project': { claims: { project: null, permissions: [] } },
  'an empty project': { claims: { project: '', permissions: [] } },
  'the project __proto__ in a claim': { claims: { project: '__proto__', permissions: [] } },
});

/** Tokens that are signed well and say what they must not say. */
export const ATTACKS_ON_THE_CLAIMS: readonly Attack[] = [
  ...ISSUER_AND_AUDIENCE,
  ...TIMES,
  ...SUBJECT,
  ...TOKEN_ID,
  ...GRANTS,
];
