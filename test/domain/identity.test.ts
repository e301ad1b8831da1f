import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessStream,
  derivedId,
  idempotencyId,
  isUuid,
  leaseStream,
  REGISTRY_NAMESPACE,
  registryId,
  registryStream,
  uuidV5,
} from '../../src/domain/identity.ts';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';
const anyText = fc.string({ unit: 'binary', maxLength: 40 });

describe('UUIDv5', () => {
  it.each([
    [DNS, 'www.example.com', '2ed6657d-e927-568b-95e1-2665a8aea6a2'], // RFC 9562, appendix A.4
    [DNS, 'python.org', '886313e1-3b8a-5372-9b90-0c9aee199e5d'], // the documentation of Python's uuid
    [URL_NAMESPACE, 'http://python.org/', '4c565f0d-3f5a-5890-b41b-20cf47701c5e'], // CPython's test_uuid
  ])('gives the published id for namespace %s and name %s', (namespace, name, id) => {
    expect(uuidV5(namespace, name)).toBe(id);
  });

  it('always carries version 5 and the RFC variant', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const id = uuidV5(REGISTRY_NAMESPACE, name);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(isUuid(id)).toBe(true);
      }),
    );
  });

  it('refuses a namespace that is not a UUID', () => {
    expect(() => uuidV5('registry', 'x')).toThrow(TypeError);
  });
});

describe('a registry id', () => {
  it('is the same for the same pair, now and in any later version', () => {
    expect(registryId('demo', 'docker.io')).toBe('48f76f09-a6b0-5148-8767-2fcc1f370cc1');
  });

  /** Pairs that collide if the two values are just concatenated. */
  const shifted = fc
    .tuple(anyText, anyText, anyText)
    .map(([a, b, c]) => [[a, b + c] as const, [a + b, c] as const] as const)
    .filter(([[left], [right]]) => left !== right);

  it('keeps pairs apart, wherever the border between project and URL is', () => {
    fc.assert(fc.property(shifted, ([left, right]) => registryId(...left) !== registryId(...right)));
    expect(registryId('a","b', 'c')).not.toBe(registryId('a', 'b","c'));
    expect(registryId('a\n', 'b')).not.toBe(registryId('a', '\nb'));
  });

  it('keeps lone surrogates apart, which UTF-8 writes alike', () => {
    expect(registryId('\ud800', 'docker.io')).not.toBe(registryId('\ud801', 'docker.io'));
  });

  it('would not be kept apart by plain concatenation', () => {
    const concatenated = (project: string, url: string) => uuidV5(REGISTRY_NAMESPACE, project + url);
    const outcome = fc.check(fc.property(shifted, ([left, right]) => concatenated(...left) !== concatenated(...right)));
    expect(outcome.failed).toBe(true);
  });
});

describe('an event id from an idempotency key', () => {
  const command = { projectId: 'demo', subject: 'alice', issuer: 'https://issuer.example', idempotencyKey: 'k1' };

  it('is the same for the same command, now and in any later version', () => {
    expect(idempotencyId({ ...command })).toBe('afa82de4-4ec0-5c35-9c4b-6b403799f8b8');
  });

  it.each(['projectId', 'subject', 'issuer', 'idempotencyKey'] as const)('depends on %s', (part) => {
    expect(idempotencyId({ ...command, [part]: 'other' })).not.toBe(idempotencyId(command));
  });

  it('does not confuse the subject with the issuer', () => {
    expect(idempotencyId({ ...command, subject: 'a', issuer: 'b' })).not.toBe(
      idempotencyId({ ...command, subject: 'b', issuer: 'a' }),
    );
  });

  it('gives every further event a different id', () => {
    const first = idempotencyId(command);
    const ids = [first, ...Array.from({ length: 20 }, (_, index) => derivedId(first, index + 1))];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(isUuid)).toBe(true);
    expect(derivedId(first, 1)).toBe(derivedId(first, 1));
  });
});

describe('a UUID', () => {
  it('may have any version, in the spelling that Purser writes', () => {
    expect(isUuid(randomUUID())).toBe(true);
    expect(isUuid('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(true); // version 7, RFC 9562, appendix A.6
  });

  it.each([
    '',
    'registry',
    '2ED6657D-E927-568B-95E1-2665A8AEA6A2',
    '{2ed6657d-e927-568b-95e1-2665a8aea6a2}',
    '2ed6657de927568b95e12665a8aea6a2',
    '2ed6657d-e927-568b-95e1-2665a8aea6a2\n',
    '2ed6657d-e927-568b-15e1-2665a8aea6a2',
    '00000000-0000-0000-0000-000000000000',
  ])('is not %j', (text) => {
    expect(isUuid(text)).toBe(false);
  });
});

describe('a stream', () => {
  it('is named after its kind and its id', () => {
    expect(registryStream('p', 'r')).toBe('registry-r-p');
    expect(leaseStream('p', 'l')).toBe('lease-l-p');
    expect(accessStream('demo')).toBe('access-demo');
  });
});
