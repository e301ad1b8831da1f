import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createWoodpeckerRequests } from '../../../src/adapters/auth/woodpecker-requests.ts';
import { parseWoodpeckerServers, type WoodpeckerServer } from '../../../src/adapters/auth/woodpecker-servers.ts';

const pem = (type: 'ed25519' | 'x25519') =>
  String(generateKeyPairSync(type as 'ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
const ENTRY = { url: 'https://ci.example', publicKey: pem('ed25519'), projects: ['demo'] };
const faultOf = (value: unknown): string => {
  try {
    parseWoodpeckerServers(typeof value === 'string' ? value : JSON.stringify(value));
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the declared Woodpecker servers', () => {
  it('have an address, a key and projects', () => {
    expect(parseWoodpeckerServers(JSON.stringify([ENTRY]))).toMatchObject([
      { url: 'https://ci.example', projects: ['demo'] },
    ]);
  });

  it('may leave it to the trust rules of projects what their pipelines may pull', () => {
    const { projects: _, ...entry } = ENTRY;
    const [server] = parseWoodpeckerServers(JSON.stringify([{ ...entry, grants: 'rules' }]));
    expect(server).toMatchObject({ url: 'https://ci.example' });
    expect(server?.projects).toBeUndefined();
  });

  it.each([
    ['{', /is not valid JSON/],
    [[{ ...ENTRY, projects: undefined }], /\[0\]\.projects: must be a non-empty array.* set grants to "rules"/],
    [[{ ...ENTRY, grants: 'rules' }], /\[0\]\.projects: must be left out where grants is "rules"/],
    [[{ ...ENTRY, grants: 'claims' }], /\[0\]\.grants: must be "rules"/],
    [{}, /must be a JSON array/],
    [[{ ...ENTRY, url: 'ci' }], /^WOODPECKER_SERVERS\[0\]\.url: must be the address/],
    [[{ ...ENTRY, url: 'https://ada:secret@ci.example' }], /\[0\]\.url: must be the address/],
    [[{ ...ENTRY, publicKey: 'x' }], /\[0\]\.publicKey: must be the Ed25519 key/],
    [[{ ...ENTRY, publicKey: pem('x25519') }], /\[0\]\.publicKey: must be the Ed25519 key/],
    [
      [
        {
          ...ENTRY,
          publicKey: String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
        },
      ],
      /\[0\]\.publicKey: must be the Ed25519 key/,
    ],
    [[{ ...ENTRY, projects: [] }], /\[0\]\.projects: must be a non-empty array/],
    [[{ ...ENTRY, secret: 'x' }], /\[0\]: has the unknown field secret/],
    [[ENTRY, { ...ENTRY, url: 'https://other.example' }], /\[1\]: https:\/\/other\.example has the address or the key/],
    ['/nowhere/servers.json', /cannot be read/],
  ])('are refused with what to write: %#', (value, fault) => {
    expect(faultOf(value)).toMatch(fault);
  });
});

/** Made once by npm's `http-message-signatures` 1.0.6, which shares no code with this service, for a key of the bytes 0 to 31. */
const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=
-----END PUBLIC KEY-----
`;
const REQUEST = {
  target: '/v1/woodpecker?project=demo',
  body: Buffer.from('{"repo":{"forge_remote_id":"42","full_name":"octo/app"},"pipeline":{"number":7}}\n'),
  headers: {
    'content-digest': 'sha-256=:7qN7yqz0osAfJaeXb4FO2oCpSNetdKlspmx69+dvIsg=:',
    'signature-input': 'woodpecker-ci-extensions=("@request-target" "content-digest");created=1893456000;alg="ed25519"',
    signature:
      'woodpecker-ci-extensions=:Z/OXDpmCTeJlefFxxGJ8jUVXdTYXv35XfbOeb9N7NEksRGpMQPi+zP0AnKiS8F7wTPNM6f5f9Yvt7D7WWqS8Ag==:',
  },
};
const CREATED = 1_893_456_000_000;

describe('a request that another library has signed', () => {
  const [server] = parseWoodpeckerServers(JSON.stringify([{ ...ENTRY, publicKey: PUBLIC_KEY }]));
  const requestsAt = (now: number, servers: readonly WoodpeckerServer[] = server ? [server] : []) => {
    const seen = new Set<string>();
    const take = async (digest: Buffer) => seen.size < seen.add(digest.toString('hex')).size;
    return createWoodpeckerRequests({ servers, taken: { take }, clock: () => now });
  };
  const reasonOf = (refusal: Promise<unknown>) =>
    refusal.then(
      () => 'taken',
      ({ reason }) => reason,
    );

  it('is taken from five minutes before its time to five minutes after it', async () => {
    expect(await requestsAt(CREATED).identify(REQUEST)).toMatchObject({
      issuer: 'https://ci.example',
      subject: 'repo:42:octo/app',
      grants: new Map([['demo', new Set(['iam:project:cicd:registry:use'])]]),
    });
    for (const [seconds, reason] of [
      [-301, 'not_yet_valid'],
      [-300, 'taken'],
      [300, 'taken'],
      [301, 'expired'],
    ] as const) {
      expect(await reasonOf(requestsAt(CREATED + seconds * 1000).identify(REQUEST))).toBe(reason);
    }
  });

  it('is taken once; again at once it must be signed anew, later it is a replay', async () => {
    for (const [after, refusal] of [
      [1_000, { code: 'UNAVAILABLE' }],
      [2_000, { reason: 'replayed' }],
    ] as const) {
      const requests = requestsAt(CREATED + after);
      await requests.identify(REQUEST);
      await expect(requests.identify(REQUEST)).rejects.toMatchObject(refusal);
    }
  });

  it('is refused if any character of what was signed is another', async () => {
    const requests = requestsAt(CREATED);
    for (const name of ['content-digest', 'signature-input', 'signature'] as const) {
      const text = REQUEST.headers[name];
      for (let at = 0; at < text.length; at += 1) {
        const other = text[at] === 'A' ? 'B' : 'A';
        const headers = { ...REQUEST.headers, [name]: `${text.slice(0, at)}${other}${text.slice(at + 1)}` };
        expect({ at, name, reason: await reasonOf(requests.identify({ ...REQUEST, headers })) }).not.toMatchObject({
          reason: 'taken',
        });
      }
    }
    for (let at = 0; at < REQUEST.target.length; at += 1) {
      const target = `${REQUEST.target.slice(0, at)}~${REQUEST.target.slice(at + 1)}`;
      expect(await reasonOf(requests.identify({ ...REQUEST, target }))).toBe('bad_signature');
    }
    expect(await reasonOf(requests.identify({ ...REQUEST, body: Buffer.from('{}') }))).toBe('changed_body');
    expect(await reasonOf(requests.identify(REQUEST))).toBe('taken');
  });

  it('is refused if a known digest is wrong, or none is known', async () => {
    const sha512 = createHash('sha512').update(REQUEST.body).digest('base64');
    for (const digest of [`md5=:AAAA:`, `${REQUEST.headers['content-digest']}, sha-512=:${sha512}:`]) {
      const headers = { ...REQUEST.headers, 'content-digest': digest };
      expect(await reasonOf(requestsAt(CREATED).identify({ ...REQUEST, headers }))).toBe('bad_signature');
    }
  });
});
