import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readImportSource } from '../../../src/cli/remote/import-source.ts';
import { canary } from '../../support/canary.ts';

const password = canary('import');
const auth = (username: string, secret = password) => ({
  auth: Buffer.from(`${username}:${secret}`).toString('base64'),
});

function read(source: unknown) {
  const { logins, refused } = readImportSource(typeof source === 'string' ? source : JSON.stringify(source));
  return { logins: logins.map(({ url, username, password: secret }) => [url, username, secret.reveal()]), refused };
}

const CONFIG = { auths: { 'https://index.docker.io/v1/': auth('ada'), 'GHCR.io': { username: 'bob', password } } };
const LOGINS = [
  ['docker.io', 'ada', password],
  ['ghcr.io', 'bob', password],
];

describe('the logins of a file', () => {
  it('are those of a config.json, by the canonical URLs of their registries', () => {
    expect(read(CONFIG)).toEqual({ logins: LOGINS, refused: [] });
    expect(read(stringify(CONFIG))).toEqual({ logins: LOGINS, refused: [] });
  });

  it('are those of Kubernetes Secrets, alone, in a list or in several documents', () => {
    const config = Buffer.from(JSON.stringify(CONFIG)).toString('base64');
    const older = Buffer.from(JSON.stringify(CONFIG.auths)).toString('base64');
    const secret = (data: object) => ({ apiVersion: 'v1', kind: 'Secret', ...data });
    const [newer, plain, old, other] = [
      secret({ data: { '.dockerconfigjson': config } }),
      secret({ stringData: { '.dockerconfigjson': JSON.stringify(CONFIG) } }),
      secret({ data: { '.dockercfg': older } }),
      secret({ data: { token: 'eA==' } }),
    ];
    for (const source of [newer, plain, old, { kind: 'List', items: [other, newer] }])
      expect(read(source).logins).toEqual(LOGINS);
    expect(read(`${stringify(other)}---\n${stringify(newer)}`).logins).toEqual(LOGINS);
  });

  it('are not taken from helpers, and not from tokens that only their own clients can use', () => {
    const { logins, refused } = read({
      auths: {
        'a.example': { identitytoken: password, ...auth('00000000-0000-0000-0000-000000000000') },
        'b.example': { registrytoken: password },
        'c.example': {},
        'https://index.docker.io/v1/access-token': auth('ada'),
        'e.example/team': auth('ada'),
        'f.example': { auth: 'bm9jb2xvbg==' },
      },
      credHelpers: { 'd.example': 'ecr-login', 'https://index.docker.io/v1/refresh-token': 'desktop' },
      credsStore: 'desktop',
    });
    expect(logins).toEqual([]);
    expect(Object.fromEntries(refused.map(({ key, reason }) => [key, reason]))).toEqual({
      'a.example': expect.stringContaining('identity token'),
      'b.example': expect.stringContaining('registry token'),
      'c.example': expect.stringContaining('docker-credential-desktop'),
      'd.example': expect.stringContaining('docker-credential-ecr-login'),
      'e.example/team': expect.stringContaining('e.example'),
      'f.example': expect.stringContaining('docker-credential-desktop'),
    });
    expect(JSON.stringify(refused)).not.toContain(password);
  });

  it('are the same login under two names of a registry, and none of two that differ', () => {
    const both = (first: object, second: object) =>
      read({ auths: { 'docker.io': first, 'https://index.docker.io/v1/': second } });
    expect(both(auth('ada'), auth('ada'))).toEqual({ logins: [['docker.io', 'ada', password]], refused: [] });
    const rivals = both(auth('ada'), auth('bob'));
    expect([rivals.logins, rivals.refused.map(({ key }) => key)]).toEqual([
      [],
      ['docker.io', 'https://index.docker.io/v1/'],
    ]);
  });

  it('keep what plain http was said for, and lose the zeros that pad some passwords', () => {
    expect(read({ auths: { 'http://a.example:5000': auth('ada', `${password}\0\0`) } }).logins).toEqual([
      ['a.example:5000', 'ada', password],
    ]);
  });

  it.each([
    ['not YAML', `auths: {\n  "a": ${password}\n  "b"`, /^The file is neither JSON nor YAML: see its line \d\.$/],
    [
      'another document',
      { kind: 'ConfigMap', data: { password } },
      /^The file names no registry\.$|^The file is no config\.json/,
    ],
    ['another type', JSON.stringify([password]), /^The file is no config\.json of docker/],
    ['a broken Secret', { kind: 'Secret', data: { '.dockerconfigjson': 'fHt7' } }, /^The file is n/],
    ['no logins', {}, /^The file names no registry\.$/],
    ['too long a text', 'a'.repeat(1_100_000), /too large/],
    [
      'aliases without end',
      'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]',
      /aliases/,
    ],
  ])('%s is refused, without a word of it', (_, source, sentence) => {
    let message = '';
    try {
      read(source);
    } catch (error) {
      message = String((error as Error).message);
    }
    expect(message).toMatch(sentence);
    expect(message).not.toContain(password);
  });
});
