import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedFor } from '../../src/domain/asked-for.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { hasHiddenCharacters, isWellFormed } from '../../src/domain/text-rules.ts';
import { enteredIn } from '../../src/graphql/pipeline/entered-arguments.ts';

const OPTIONS = { plainHttpHosts: new Set<string>() };
const PROJECT = 'demo';
const ID = '6b29fc40-ca47-1067-b31d-00dd010662da';

const named = (args: Record<string, unknown>, idOf: 'registry' | 'other' = 'registry') =>
  askedFor(PROJECT, enteredIn(args, { idOf }), OPTIONS);

describe('what a refused attempt asked for', () => {
  it.each<[string, Record<string, unknown>, object]>([
    ['a registry by its id', { id: ID.toUpperCase() }, { registryId: ID }],
    [
      'a registry by its URL',
      { url: 'https://GHCR.io/v2/' },
      { url: 'ghcr.io', registryId: registryId(PROJECT, 'ghcr.io') },
    ],
    ['the URL of an input', { input: { url: 'ghcr.io', password: 'x' } }, { url: 'ghcr.io' }],
    [
      'an image',
      { input: { image: ' ghcr.io/org/web:1 ', pipeline: 'web', runId: '7' } },
      { image: 'ghcr.io/org/web:1', url: 'ghcr.io', pipeline: 'web', runId: '7' },
    ],
    ["a registry's URL in place of an image", { image: 'https://ghcr.io' }, { image: null, url: 'ghcr.io' }],
    ['a lease', { leaseId: ID }, { leaseId: ID, registryId: null }],
    [
      'several images, by what they have in common',
      {
        input: [
          { image: 'ghcr.io/a', pipeline: 'web', runId: '7' },
          { image: 'ghcr.io/b', pipeline: 'web', runId: '8' },
        ],
      },
      { image: null, url: null, pipeline: 'web', runId: null },
    ],
  ])('is recorded of %s', (_what, args, expected) => {
    expect(named(args)).toMatchObject(expected);
  });

  it('is no registry if the id is that of something else', () => {
    expect(named({ id: ID }, 'other')).toMatchObject({ registryId: null });
  });

  it.each([
    'https://ada:hunter2@ghcr.io',
    'ada:hunter2@ghcr.io',
    'https://ghcr.io?password=hunter2',
    'https://ghcr.io#hunter2',
    'ghcr.io/web@hunter2',
    'ada:hunter2@ghcr.io/org/web:1',
    'https://ada:hunter2@ghcr.io/org/web',
    'docker://ada:hunter2@ghcr.io/org/web',
  ])('holds no password that was typed into a URL or an image: %s', (entered) => {
    for (const args of [
      { url: entered },
      { image: entered },
      { input: { url: entered } },
      { input: { image: entered } },
    ])
      expect(JSON.stringify([named(args), enteredIn(args, { idOf: 'registry' })])).not.toContain('hunter2');
  });

  it('never holds the value of another field, and is short, visible and well-formed, whatever was sent', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 2_000, size: 'max' }),
      fc.constantFrom('\ud800', '\u202e', '\u0000', '😀'.repeat(600), 'a\u2028b', ID, 'ghcr.io', 'ghcr.io/a:1'),
    );
    const value = fc.oneof(text, fc.constant(null), fc.integer(), fc.array(text, { maxLength: 2 }));
    const known = fc.record(
      {
        id: value,
        registryId: value,
        leaseId: value,
        url: value,
        image: value,
        pipeline: value,
        runId: value,
        password: fc.constant('CANARY-password'),
        username: fc.constant('CANARY-username'),
        token: fc.constant('CANARY-token'),
        mint: fc.constant({ url: 'CANARY-nested', image: 'CANARY-nested', pipeline: 'CANARY-nested' }),
      },
      { requiredKeys: [] },
    );
    const args = fc.record({
      input: fc.oneof(known, fc.array(known, { maxLength: 3 }), value),
      first: value,
      id: value,
    });
    fc.assert(
      fc.property(args, text, (entered, field) => {
        const recorded = askedFor(PROJECT, { ...enteredIn(entered, { idOf: 'registry' }), field }, OPTIONS);
        expect(JSON.stringify(recorded)).not.toContain('CANARY');
        for (const [name, found] of Object.entries(recorded)) {
          if (found === null) continue;
          expect(isWellFormed(found) && !hasHiddenCharacters(found)).toBe(true);
          // An invisible character is six in its escaped form, and a pair of surrogates is twelve.
          expect([...found].length).toBeLessThanOrEqual(name === 'image' ? 1_024 : 255 * 12);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['input', 'input'],
    ['mint.kind', 'mint.kind'],
    ['input[3].image', 'input[3].image'],
    ['a b', null],
    ['x'.repeat(256), null],
    ['hunter2!', null],
    ['', null],
  ])('names the field %j as %j', (field, expected) => {
    expect(askedFor(PROJECT, { field, url: new Secret('') }, OPTIONS).field).toBe(expected);
  });
});
