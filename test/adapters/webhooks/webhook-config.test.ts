import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseWebhooks, WebhookConfigurationError } from '../../../src/adapters/webhooks/webhook-config.ts';
import { Secret } from '../../../src/domain/secret.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const TOKEN = randomBytes(12).toString('hex');
const ENTRY = {
  name: 'chat',
  url: `https://chat.example/hooks/${TOKEN}?key=${TOKEN}`,
  secret: SECRET,
  projects: 'all',
};
const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const PLAIN_HTTP_HOSTS = new Set(['chat.internal', '10.0.0.7:8080']);

const parse = (value: unknown) =>
  parseWebhooks(new Secret(typeof value === 'string' ? value : JSON.stringify(value)), PLAIN_HTTP_HOSTS);

function refusal(value: unknown): string {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof WebhookConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('WEBHOOKS', () => {
  it('is an array of entries, for all projects and kinds or for some', () => {
    const [all, some] = parse([
      ENTRY,
      { ...ENTRY, name: 'pager', projects: ['demo'], kinds: ['EXPIRED'], secret: [SECRET, SECRET] },
    ]);
    expect(all).toMatchObject({ name: 'chat', host: 'chat.example', projects: null, kinds: null, caCertificate: null });
    expect(all?.url.reveal()).toBe(ENTRY.url);
    expect(all?.secrets.map((secret) => secret.reveal())).toEqual([SECRET]);
    expect(some).toMatchObject({ name: 'pager', projects: ['demo'], kinds: ['EXPIRED'] });
    expect(some?.secrets).toHaveLength(2);
  });

  it('may be the path of a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-webhooks-'));
    const path = join(folder, 'webhooks.json');
    await writeFile(path, JSON.stringify([ENTRY]));
    expect(parse(path)).toMatchObject([{ name: 'chat' }]);
    await writeFile(path, '[');
    expect(refusal(path)).toContain(`WEBHOOKS (${path}): is not valid JSON`);
    await rm(folder, { recursive: true });
    expect(refusal(path)).toContain(`the file ${path} cannot be read`);
  });

  it('has a fingerprint that changes with the URL and with the secrets, and with nothing else', () => {
    const fingerprint = (changes: object) => parse([{ ...ENTRY, ...changes }])[0]?.fingerprint;
    const same = [fingerprint({}), fingerprint({ projects: ['demo'] }), fingerprint({ name: 'other' })];
    expect(new Set(same).size).toBe(1);
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    const all = [{}, { secret: other }, { secret: [other, SECRET] }, { url: 'https://chat.example/hooks/2' }];
    expect(new Set(all.map(fingerprint)).size).toBe(4);
  });

  it('shows neither URL nor secret, however an entry is printed', () => {
    const [webhook] = parse([ENTRY]);
    const printed = [JSON.stringify(webhook), inspect(webhook, { depth: 10 }), String(webhook?.url)].join('\n');
    expect(printed).not.toContain(TOKEN);
    expect(printed).not.toContain(SECRET.slice(6));
  });

  it('takes plain http for hosts of PLAIN_HTTP_HOSTS alone', () => {
    expect(refusal([{ ...ENTRY, url: 'http://chat.internal:81/x' }])).toBe('accepted');
    expect(refusal([{ ...ENTRY, url: 'http://10.0.0.7:8080/' }])).toBe('accepted');
    expect(refusal([{ ...ENTRY, url: 'http://10.0.0.7:8081/' }])).toBe(
      'WEBHOOKS[0].url: must begin with https://, unless PLAIN_HTTP_HOSTS names its host: 10.0.0.7:8081',
    );
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '[', 'WEBHOOKS: is not valid JSON: write an array such as [{"name":"chat"'],
    ['no array', ENTRY, 'WEBHOOKS: must be a JSON array: put the entry in [ ]'],
    ['no object', ['x'], 'WEBHOOKS[0]: must be an object, as in'],
    ['an unknown field', [{ ...ENTRY, events: [] }], 'WEBHOOKS[0]: has the unknown field events: the known fields are'],
    ['no name', [{ ...ENTRY, name: undefined }], 'WEBHOOKS[0].name: must be a name of 1 to 63'],
    ['a wrong name', [{ ...ENTRY, name: 'Chat room' }], 'WEBHOOKS[0].name: must be a name of 1 to 63'],
    ['a name twice', [ENTRY, ENTRY], 'WEBHOOKS[1].name: chat is listed twice'],
    ['no URL', [{ ...ENTRY, url: undefined }], 'WEBHOOKS[0].url: must be a URL such as'],
    ['a relative URL', [{ ...ENTRY, url: '/hooks' }], 'WEBHOOKS[0].url: must be an absolute URL'],
    ['another scheme', [{ ...ENTRY, url: 'ftp://chat.example/' }], 'WEBHOOKS[0].url: must begin with https://'],
    ['a long URL', [{ ...ENTRY, url: `https://a.example/${'a'.repeat(2048)}` }], 'of at most 2048 characters'],
    ['a user name', [{ ...ENTRY, url: 'https://a:b@chat.example/' }], 'must not contain a username or password'],
    ['a fragment', [{ ...ENTRY, url: 'https://chat.example/#a' }], 'must not contain a fragment'],
    ['an odd host', [{ ...ENTRY, url: 'https://0x7f.1/' }], 'must write its host in the canonical form: 127.0.0.1'],
    ['no secret', [{ ...ENTRY, secret: undefined }], 'WEBHOOKS[0].secret: must be a signing key such as whsec_…'],
    ['a short secret', [{ ...ENTRY, secret: 'whsec_AAAA' }], 'WEBHOOKS[0].secret: must have 24 to 64 bytes'],
    ['three secrets', [{ ...ENTRY, secret: [SECRET, SECRET, SECRET] }], 'WEBHOOKS[0].secret: must be'],
    ['no secrets', [{ ...ENTRY, secret: [] }], 'WEBHOOKS[0].secret: must be'],
    ['no projects', [{ ...ENTRY, projects: undefined }], 'WEBHOOKS[0].projects: must be "all", or a non-empty array'],
    ['an empty list of projects', [{ ...ENTRY, projects: [] }], 'WEBHOOKS[0].projects: must be "all"'],
    ['one kind, not in a list', [{ ...ENTRY, kinds: 'EXPIRED' }], 'WEBHOOKS[0].kinds: must be "all" (the default)'],
    ['an unknown kind', [{ ...ENTRY, kinds: ['EXPIRES'] }], 'WEBHOOKS[0].kinds'],
    ['a broken certificate', [{ ...ENTRY, caCertificate: BROKEN }], 'WEBHOOKS[0].caCertificate: must be one or more'],
    [
      'no certificate',
      [{ ...ENTRY, caCertificate: 'x' }],
      'WEBHOOKS[0].caCertificate: must be one or more certificates',
    ],
    ['too many', Array.from({ length: 101 }, (_, n) => ({ ...ENTRY, name: `n${n}` })), 'must have at most 100 entries'],
  ])('is refused with the field and the fix, and without a secret: %s', (_, value, sentence) => {
    const said = refusal(value);
    expect(said).toContain(sentence);
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain(SECRET.slice(6));
  });
});
