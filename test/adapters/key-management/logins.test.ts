import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKeyManagement } from '../../../src/adapters/key-management/key-management.ts';
import { parseKeyManagement } from '../../../src/adapters/key-management/settings.ts';
import { type KeyEncryptionKey, keyFaultOf } from '../../../src/adapters/vault/key-encryption-key.ts';
import type { ExternalKey } from '../../../src/adapters/vault/key-file-format.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { KeyServiceDouble } from '../../support/key-services/key-service-double.ts';
import {
  KMS_ARN,
  kmsSettings,
  ROLE_ARN,
  startKmsDouble,
  WEB_IDENTITY_TOKEN,
} from '../../support/key-services/kms-double.ts';
import { APPROLE, KUBERNETES, startTransitDouble, transitSettings } from '../../support/key-services/transit-double.ts';
import { egressTo } from '../minting/minter-fixture.ts';

const TRANSIT_KEY: ExternalKey = { kind: 'transit', id: 2, mount: 'transit', name: 'purser' };
const KMS_KEY: ExternalKey = { kind: 'aws-kms', id: 2, arn: KMS_ARN, region: 'eu-central-1' };
const CONTEXT = Buffer.from('context');

let folder: string;
const services: KeyServiceDouble[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-logins-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

async function file(content: string): Promise<string> {
  const path = join(folder, randomUUID());
  await writeFile(path, content);
  return path;
}

async function transit(lease?: number) {
  const service = await startTransitDouble(lease === undefined ? {} : { lease });
  services.push(service);
  return service;
}

async function kms() {
  const service = await startKmsDouble();
  services.push(service);
  return service;
}

function open(key: ExternalKey, service: KeyServiceDouble, settings: string, now = Date.now): KeyEncryptionKey {
  const parsed = parseKeyManagement(new Secret(settings));
  return createKeyManagement({ settings: parsed, egress: egressTo(service), now, onAsked: () => undefined }).open(key);
}

async function works(key: KeyEncryptionKey): Promise<boolean> {
  const dataKey = randomBytes(32);
  return (await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT)).equals(dataKey);
}

const messageOf = async (key: KeyEncryptionKey) => {
  const error: unknown = await key.wrap(randomBytes(32), CONTEXT).catch((thrown: unknown) => thrown);
  return keyFaultOf(error)?.message;
};

describe('a transit engine', () => {
  it('takes a token, and one in a file that is written anew', async () => {
    const service = await transit();
    expect(
      await works(
        open(TRANSIT_KEY, service, transitSettings(service, { method: 'token', token: service.issueToken() })),
      ),
    ).toBe(true);
    const tokenFile = await file(`${service.issueToken()}\n`);
    const key = open(TRANSIT_KEY, service, transitSettings(service, { method: 'token-file', tokenFile }));
    expect(await works(key)).toBe(true);
    service.revokeTokens();
    await writeFile(tokenFile, service.issueToken());
    expect(await works(key)).toBe(true);
  });

  it('logs in with a service account of Kubernetes, once for many', async () => {
    const service = await transit();
    const auth = { method: 'kubernetes', role: KUBERNETES.role, tokenFile: await file(`${KUBERNETES.jwt}\n`) };
    const key = open(TRANSIT_KEY, service, transitSettings(service, auth));
    expect(await Promise.all(Array.from({ length: 20 }, () => works(key)))).not.toContain(false);
    expect(service.logins).toEqual([KUBERNETES]);
  });

  it('logs in by AppRole, anew before its token ends, and at once if the token was revoked', async () => {
    const service = await transit(100);
    const auth = { method: 'approle', roleId: APPROLE.role_id, secretIdFile: await file(APPROLE.secret_id) };
    let now = 0;
    const key = open(TRANSIT_KEY, service, transitSettings(service, auth), () => now);
    expect(await works(key)).toBe(true);
    now = 79_000;
    expect(await works(key)).toBe(true);
    expect(service.logins).toHaveLength(1);
    now = 81_000;
    expect(await works(key)).toBe(true);
    expect(service.logins).toEqual([APPROLE, APPROLE]);
    service.revokeTokens();
    expect(await works(key)).toBe(true);
    expect(service.logins).toHaveLength(3);
  });

  it('tells a refused login apart, and does not repeat it at once', async () => {
    const service = await transit();
    const auth = { method: 'approle', roleId: APPROLE.role_id, secretIdFile: await file('wrong') };
    const key = open(TRANSIT_KEY, service, transitSettings(service, auth));
    const sentence =
      'Key 2 (transit:transit/purser) cannot be used: the login at auth/approle/login was refused (status 403).';
    expect(await messageOf(key)).toBe(sentence);
    expect(await messageOf(key)).toBe(sentence);
    expect(service.logins).toHaveLength(1);
    const missing = open(TRANSIT_KEY, service, transitSettings(service, { ...auth, secretIdFile: '/nonexistent' }));
    expect(await messageOf(missing)).toContain('the file /nonexistent cannot be read (ENOENT)');
  });

  it('needs its namespace, and opens what an earlier version has sealed until the policy forbids it', async () => {
    const service = await transit();
    const auth = { method: 'token', token: service.issueToken() };
    expect(
      await messageOf(open(TRANSIT_KEY, service, transitSettings(service, auth, { namespace: 'other' }))),
    ).toContain('is not there');
    const key = open(TRANSIT_KEY, service, transitSettings(service, auth));
    const wrapped = await key.wrap(randomBytes(32), CONTEXT);
    service.rotate();
    expect(await works(key)).toBe(true);
    await key.unwrap(wrapped, CONTEXT);
    service.minDecryptionVersion(2);
    const again = open(TRANSIT_KEY, service, transitSettings(service, auth));
    const error: unknown = await again.unwrap(wrapped, CONTEXT).catch((thrown: unknown) => thrown);
    expect(keyFaultOf(error)?.message).toContain('lower its min_decryption_version');
  });
});

describe('AWS KMS', () => {
  it('is asked with the credentials of a role that was assumed with a token of the platform', async () => {
    const service = await kms();
    const credentials = { roleArn: ROLE_ARN, webIdentityTokenFile: await file(`${WEB_IDENTITY_TOKEN}\n`) };
    const key = open(KMS_KEY, service, kmsSettings(service, credentials));
    expect(await Promise.all(Array.from({ length: 10 }, () => works(key)))).not.toContain(false);
    expect(service.logins()).toBe(1);
    service.endSessions();
    expect(await works(key)).toBe(true);
    expect(service.logins()).toBe(2);
  });

  it.each([
    [
      'another access key',
      { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'another' },
      'the credentials of KEY_MANAGEMENT are refused',
    ],
    [
      'another role',
      { roleArn: `${ROLE_ARN}2`, webIdentityTokenFile: '' },
      `the role ${ROLE_ARN}2 cannot be assumed (AccessDenied`,
    ],
  ])('tells %s apart from an outage', async (_what, credentials, sentence) => {
    const service = await kms();
    const given =
      'roleArn' in credentials ? { ...credentials, webIdentityTokenFile: await file(WEB_IDENTITY_TOKEN) } : credentials;
    expect(await messageOf(open(KMS_KEY, service, kmsSettings(service, given)))).toContain(sentence);
  });

  it('says that a key is not there', async () => {
    const service = await kms();
    const arn = `${KMS_ARN.slice(0, -1)}9`;
    const key = open({ ...KMS_KEY, arn } as ExternalKey, service, kmsSettings(service));
    expect(await messageOf(key)).toBe(
      `Key 2 (aws-kms:${arn}) is not there: there is no such key in that account and region.`,
    );
  });
});

describe('a key whose service is not configured', () => {
  it.each([
    [TRANSIT_KEY, 'KEY_MANAGEMENT must have transit, with its login.'],
    [KMS_KEY, 'KEY_MANAGEMENT must have awsKms, with its login.'],
  ])('is refused with a sentence', async (key, sentence) => {
    const service = await kms();
    expect(() => open(key, service, '{}')).toThrow(sentence);
  });
});
