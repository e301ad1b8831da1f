import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyManagementConfigurationError, parseKeyManagement } from '../../../src/adapters/key-management/settings.ts';
import { Secret } from '../../../src/domain/secret.ts';

const parse = (value: unknown) =>
  parseKeyManagement(new Secret(typeof value === 'string' ? value : JSON.stringify(value)));
const TRANSIT = { address: 'https://bao.example:8200', auth: { method: 'token', token: 'hvs.secret-token' } };
const KMS = { credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret-access' } };

describe('KEY_MANAGEMENT', () => {
  it('is read with its defaults, and its secrets do not print', () => {
    const settings = parse({ transit: { ...TRANSIT, address: `${TRANSIT.address}/` }, awsKms: KMS });
    expect(settings).toMatchObject({
      transit: { address: TRANSIT.address, namespace: null, caCertificate: null },
      awsKms: { endpoint: null, stsEndpoint: null },
    });
    expect(JSON.stringify(settings)).not.toMatch(/secret-token|secret-access/);
    expect(parse({ transit: { ...TRANSIT, auth: { method: 'kubernetes', role: 'purser' } } })).toMatchObject({
      transit: {
        auth: { mount: 'kubernetes', tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
      },
    });
    expect(parseKeyManagement(undefined)).toEqual({ awsKms: undefined, transit: undefined });
  });

  it('may be the path of a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-settings-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'settings.json');
    await writeFile(path, JSON.stringify({ transit: TRANSIT }));
    expect(parse(path).transit?.address).toBe(TRANSIT.address);
    await writeFile(path, '{"transit": {"token": "hvs.secret-token"');
    expect(() => parse(path)).toThrow(`KEY_MANAGEMENT (${path}): is not JSON.`);
  });

  it.each([
    [
      { transit: { ...TRANSIT, address: 'bao.example:8200' } },
      'KEY_MANAGEMENT.transit.address: must be a URL without a path',
    ],
    [{ transit: { ...TRANSIT, address: 'https://bao.example/v1' } }, 'KEY_MANAGEMENT.transit.address: must be a URL'],
    [
      { transit: { ...TRANSIT, auth: { method: 'userpass' } } },
      'must have a method: token, token-file, kubernetes or approle',
    ],
    [
      { transit: { ...TRANSIT, namespace: '/team' } },
      'KEY_MANAGEMENT.transit.namespace: must be the path of a namespace',
    ],
    [{ transit: { ...TRANSIT, caCertificateFile: '/nonexistent' } }, 'the file /nonexistent cannot be read (ENOENT)'],
    [
      { awsKms: { credentials: { accessKeyId: 'AKIA' } } },
      'KEY_MANAGEMENT.awsKms.credentials: must have accessKeyId and',
    ],
    [{ gcp: {} }, 'KEY_MANAGEMENT: '],
    ['nonsense', 'KEY_MANAGEMENT (nonsense): the file nonsense cannot be read (ENOENT)'],
    ['{"transit": {"auth": "hvs.secret-token"', 'KEY_MANAGEMENT: is not JSON.'],
  ])('is refused with a sentence that names the field: %j', (value, sentence) => {
    let thrown: unknown;
    try {
      parse(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(KeyManagementConfigurationError);
    expect(String(thrown)).toContain(sentence);
    expect(String(thrown)).not.toContain('secret-token');
  });
});
