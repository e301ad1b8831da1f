import { describe, expect, it } from 'vitest';
import { dockerConfig } from '../../src/domain/docker-config.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
const entry = (serverAddress: string, username: string, password: string) => ({
  serverAddress,
  username,
  password: new Secret(password),
  form: 'PASSWORD' as const,
});
const fileOf = (...entries: Parameters<typeof dockerConfig>[0]) => JSON.parse(dockerConfig(entries).reveal());

describe("docker's config.json", () => {
  it('holds user name and password under the key that clients look up', () => {
    const password = canary('file');
    expect(fileOf(entry('registry.example.com:443', 'röbot', password))).toEqual({
      auths: { 'registry.example.com:443': { auth: base64(`röbot:${password}`) } },
    });
  });

  it('holds an identity token as such, because clients would send `<token>` as a user name', () => {
    const token = canary('identity');
    expect(fileOf(entry('acme.azurecr.io', '<token>', token))).toEqual({
      auths: { 'acme.azurecr.io': { auth: base64('<token>:'), identitytoken: token } },
    });
  });

  it('holds a registry token where BuildKit looks for it, and nothing that other clients would send as a password', () => {
    const token = canary('registry-token');
    expect(fileOf({ ...entry('ghcr.io', 'ada', token), form: 'REGISTRY_TOKEN' })).toEqual({
      auths: { 'ghcr.io': { registrytoken: token } },
    });
  });

  it('holds several registries', () => {
    const file = fileOf(
      entry('ghcr.io', 'ada', canary('one')),
      entry('https://index.docker.io/v1/', 'ada', canary('two')),
    );
    expect(Object.keys(file.auths)).toEqual(['ghcr.io', 'https://index.docker.io/v1/']);
  });

  it('does not print what it holds', () => {
    expect(String(dockerConfig([entry('ghcr.io', 'ada', canary('printed'))]))).toBe('[redacted]');
  });
});
