import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { SIGNATURE_ALGORITHMS } from '../src/adapters/auth/algorithms.ts';
import { parseCompactJws } from '../src/adapters/auth/compact-jws.ts';
import { jwksSchema, usableKeys } from '../src/adapters/auth/verification-keys.ts';
import { parseTarget } from '../src/adapters/egress/target.ts';
import { parseChallenges } from '../src/adapters/registry/challenge.ts';
import { readTokenClaims } from '../src/adapters/registry/granted-access.ts';
import { errorCode } from '../src/adapters/registry/registry-errors.ts';
import {
  checkPassword,
  checkUsername,
  credentialKind,
  learnExpiry,
  secretFault,
  secretWarnings,
} from '../src/domain/entered-credential.ts';
import { parseImageReference } from '../src/domain/image-reference.ts';
import { parseInstant } from '../src/domain/instant.ts';
import { checkMintSource } from '../src/domain/mint-source.ts';
import { PROVIDER_ENTRIES } from '../src/domain/providers/table.ts';
import { parseRegistryUrl } from '../src/domain/registry-url.ts';
import { Secret } from '../src/domain/secret.ts';
import { checkEmail, checkPemCertificates, checkText } from '../src/domain/text-rules.ts';
import { createCursors } from '../src/graphql/paging/cursors.ts';
import { requestIdOf, userAgentOf } from '../src/http/caller.ts';
import { parseBody, parseQueryString, readOperation } from '../src/http/request-body.ts';
import { craftedCertificate, craftedRsaKey } from './support/crafted-rsa-key.ts';

/** Far more than any of them needs, and far less than the seconds that one careless parser takes. */
const MAX_MS = 300;

const KIB = 1024;
const encoded = (json: string) => Buffer.from(json).toString('base64url');
const deep = (open: string, close: string, bytes: number) =>
  open.repeat(bytes / 2 / open.length) + close.repeat(bytes / 2 / close.length);
/** Of this many characters: one again and again, pairs, deep nesting, many keys. */
const texts = (length: number): readonly string[] => [
  ...['a', ' ', '.', '-', '/', ':', '@', '=', '"', '\\', '%', '[', '{', ',', '\0', '\n', '\u0301', '\ud800', '٠'].map(
    (one) => one.repeat(length),
  ),
  ...['a.', 'a-', '[]', '{"a":', '%2', '=,', '\\"', ' \t', '😀', 'a="b",', '-----BEGIN ', '://', '::'].map((pair) =>
    pair.repeat(length / pair.length),
  ),
  deep('[', ']', length),
  deep('{"a":', '}', length),
  `{${Array.from({ length: length / 12 }, (_, n) => `"k${n}":1`).join(',')}}`,
  `https://${'a.'.repeat(length / 2)}!`,
  `https://a/${'%2e'.repeat(length / 3)}`,
  `${'a'.repeat(length - 1)}!`,
];

const readBody = (body: Buffer) => readOperation(parseBody(body));
const cursors = createCursors(new Uint8Array(32));
const jws = (text: string) => parseCompactJws(`${encoded('{"alg":"RS256"}')}.${encoded(text)}.AAAA`);
const certificates = (text: string) => checkPemCertificates('caCertificate', text);
type Parser = readonly [parse: (text: string) => unknown, inputs: readonly string[]];
type Provider = (typeof PROVIDER_ENTRIES)[number][0];
const atEachProvider = (
  what: string,
  parse: (provider: Provider, text: string) => unknown,
  inputs: readonly string[],
): Readonly<Record<string, Parser>> =>
  Object.fromEntries(
    PROVIDER_ENTRIES.map(([provider]) => [`${what} at ${provider}`, [(text) => parse(provider, text), inputs]]),
  );
const large = (bits: number) => craftedRsaKey({ modulusBits: bits });
/** Fills a set of 64 KiB with two numbers. */
const wideKey = {
  kty: 'RSA',
  n: Buffer.alloc(23 * KIB, 0xff).toString('base64url'),
  e: Buffer.alloc(23 * KIB, 0xff).toString('base64url'),
};

/** Each parser of what others send, with the largest input that it is ever given. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'a registry URL': [(text) => parseRegistryUrl(text, { plainHttpHosts: new Set() }), texts(256 * KIB)],
  'an image reference': [parseImageReference, texts(256 * KIB)],
  'a URL for a request': [(text) => parseTarget(text, new Set()), texts(64 * KIB)],
  'a text': [(text) => checkText('name', text, { max: 255 }), texts(256 * KIB)],
  'a long text': [(text) => checkText('description', text, { max: 2000, multiline: true }), texts(256 * KIB)],
  'an e-mail address': [(text) => checkEmail('email', text), texts(256 * KIB)],
  'a time': [parseInstant, texts(256 * KIB)],
  ...atEachProvider('a user name', checkUsername, texts(256 * KIB)),
  ...atEachProvider(
    'a password',
    (provider, text) => checkPassword(provider, 'ci', new Secret(text)),
    texts(256 * KIB),
  ),
  ...atEachProvider(
    'the kind of a password',
    (provider, text) => {
      const secret = new Secret(text);
      credentialKind(provider, 'ci', secret);
      secretWarnings(provider, 'ci', secret);
      learnExpiry(provider, secret);
      secretFault(provider, 'ci', secret, 0);
    },
    texts(15_000),
  ),
  'the key of a service account': [
    (text) => checkMintSource('GOOGLE', '_json_key', new Secret(text)),
    [
      ...texts(15_000),
      ...[2048, 4096, 8192, 16_384].map((bits) =>
        JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: large(bits) }),
      ),
    ],
  ],
  'the key of a GitHub App': [
    (text) => checkMintSource('GITHUB_APP', '1234', new Secret(text)),
    [
      ...texts(15_000),
      ...[2048, 4096, 8192, 16_384].map(large),
      craftedRsaKey({ modulusBits: 2048, factorBits: 20_000 }),
      craftedRsaKey({ modulusBits: 4096, publicExponent: 2n ** 4000n + 1n }),
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
    ],
  ],
  certificates: [
    certificates,
    [...texts(64 * KIB), craftedCertificate(large(16_384)).repeat(12), craftedCertificate(large(4096)).repeat(40)],
  ],
  'the claims of a token': [jws, [...texts(6000), deep('[', ']', 6000)]],
  'a token': [parseCompactJws, texts(8 * KIB)],
  'the keys of an issuer': [
    (text) => usableKeys(jwksSchema.parse(JSON.parse(text)), SIGNATURE_ALGORITHMS),
    [JSON.stringify({ keys: [wideKey] }), JSON.stringify({ keys: Array.from({ length: 9000 }, () => ({})) })],
  ],
  'a body': [
    (text) => readBody(Buffer.from(text)),
    [...texts(256 * KIB), JSON.stringify({ query: 'a'.repeat(250 * KIB) })],
  ],
  variables: [
    (text) => readBody(Buffer.from(`{"query":"{a}","variables":{"v":${text}}}`)),
    [
      deep('[', ']', 250 * KIB),
      deep('{"a":', '}', 250 * KIB),
      JSON.stringify('😀'.repeat(60 * KIB)),
      `[${'1,'.repeat(120 * KIB)}1]`,
    ],
  ],
  'a cursor': [(text) => cursors.decode({ of: 'notices', projectId: 'demo' }, text), texts(256 * KIB)],
  'the challenge of a registry': [
    parseChallenges,
    [...texts(16 * KIB), `Bearer ${'a="b",'.repeat(2700)}`, `Bearer realm="${'\\"'.repeat(8000)}`],
  ],
  'the errors of a registry': [(text) => errorCode(Buffer.from(text)), texts(64 * KIB)],
  'the token of a registry': [readTokenClaims, [...texts(64 * KIB), `a.${encoded(deep('[', ']', 40 * KIB))}.a`]],
  'a user agent': [userAgentOf, texts(16 * KIB)],
  'a query string': [(text) => parseQueryString(`/graphql?${text}`), texts(16 * KIB)],
  'a request id': [requestIdOf, texts(16 * KIB)],
};

function attempt(run: () => unknown): void {
  try {
    run();
  } catch {
    // Refused, which is as good as accepted here.
  }
}

/** The slowest of the inputs. A pause of the machine does not come three times. */
function slowest(parse: (text: string) => unknown, inputs: readonly string[]): { ms: number; input: string } {
  const timed = (input: string) => {
    const at = performance.now();
    attempt(() => parse(input));
    return performance.now() - at;
  };
  return inputs
    .map((input) => {
      const first = timed(input);
      return { ms: first < MAX_MS ? first : Math.min(first, timed(input), timed(input)), input: input.slice(0, 30) };
    })
    .reduce((worst, each) => (each.ms > worst.ms ? each : worst));
}

it.each(Object.entries(PARSERS))('%s does not stop the event loop, whatever it holds', (_, [parse, inputs]) => {
  const { ms, input } = slowest(parse, inputs);
  expect(ms, `for an input such as ${JSON.stringify(input)}`).toBeLessThan(MAX_MS);
});

it('a parser that backtracks is found', () => {
  expect(slowest((text) => /^(?:a+)+$/.test(text.slice(-29)), texts(64 * KIB)).ms).toBeGreaterThan(MAX_MS);
});
