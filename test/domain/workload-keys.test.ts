import { describe, expect, it } from 'vitest';
import { comingKey, dueKey, nextKey, publishedKeys, signingKey } from '../../src/domain/workload-keys.ts';
import { discoveryDocument, workloadClaims, workloadSubject } from '../../src/domain/workload-token.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const FIRST = { id: 1, signsFrom: 0 };
const SECOND = { id: 2, signsFrom: 100 * DAY };
const ids = (keys: readonly { readonly id: number }[]) => keys.map(({ id }) => id);

describe('the keys of tokens for clouds', () => {
  it('are made a week before they sign, and the first one signs at once', () => {
    expect(dueKey([], 5)).toEqual({ id: 1, signsFrom: 5 });
    expect(dueKey([FIRST], 83 * DAY - 1)).toBeUndefined();
    expect(dueKey([FIRST], 83 * DAY)).toEqual({ id: 2, signsFrom: 90 * DAY });
    expect(dueKey([FIRST, SECOND], 99 * DAY)).toBeUndefined();
    expect(nextKey([SECOND, FIRST], 99 * DAY)).toEqual({ id: 3, signsFrom: 107 * DAY });
  });

  it.each([
    [0, 1, [1, 2], 2],
    [100 * DAY - 1, 1, [1, 2], 2],
    [100 * DAY, 2, [1, 2], undefined],
    [100 * DAY + HOUR - 1, 2, [1, 2], undefined],
    [100 * DAY + HOUR, 2, [2], undefined],
  ])('overlap: at %i key %i signs, %j are published', (now, signing, published, coming) => {
    const keys = [SECOND, FIRST];
    expect(signingKey(keys, now)?.id).toBe(signing);
    expect(ids(publishedKeys(keys, now))).toEqual(published);
    expect(comingKey(keys, now)?.id).toBe(coming);
  });

  it('sign on a replica whose clock is behind', () => {
    expect(signingKey([{ id: 1, signsFrom: 10 }], 9)?.id).toBe(1);
    expect(signingKey([], 9)).toBeUndefined();
  });
});

describe('a token for a cloud', () => {
  const owner = { projectId: 'demo', registryId: '6a2f41a3-c54c-5ce8-8e39-7d1f1a1f7a5e' };

  it('names one registry of one project, whatever the project is called', () => {
    // By OpenSSL: printf demo | openssl dgst -sha256 -binary | basenc --base64url
    expect(workloadSubject(owner)).toBe('project:KpdRbDVLaISM29j1SiJqCl:registry:6a2f41a3-c54c-5ce8-8e39-7d1f1a1f7a5e');
    expect(workloadSubject({ ...owner, projectId: 'demo:registry:x'.repeat(100) })).toMatch(
      /^project:[\w-]{22}:registry:6a2f41a3-/,
    );
    expect(workloadSubject({ ...owner, projectId: 'demo2' })).not.toBe(workloadSubject(owner));
    expect(workloadSubject(owner).length).toBeLessThanOrEqual(127);
  });

  it('lasts five minutes', () => {
    expect(workloadClaims('https://i', owner, 'aud', { at: 1_700_000_000_999, id: 'j' })).toEqual({
      iss: 'https://i',
      sub: workloadSubject(owner),
      aud: 'aud',
      jti: 'j',
      iat: 1_700_000_000,
      exp: 1_700_000_300,
    });
  });

  it('is of an issuer whose document names its keys', () => {
    expect(discoveryDocument('https://purser.example/ids')).toMatchObject({
      issuer: 'https://purser.example/ids',
      jwks_uri: 'https://purser.example/ids/jwks.json',
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });
});
