import { describe, expect, it } from 'vitest';
import { cutOff, graceFrom, recommendedGrace } from '../../src/views/rotate/grace.ts';
import { rotationStep } from '../../src/views/rotate/rotation-position.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const inMinutes = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

describe('the recommended grace', () => {
  it('lasts until the last running lease ends, in whole minutes', () => {
    expect(recommendedGrace([inMinutes(5), inMinutes(59.2), inMinutes(30)], NOW)).toBe(60);
  });

  it('is none where no lease runs, and a day at most', () => {
    expect(recommendedGrace([], NOW)).toBe(0);
    expect(recommendedGrace([inMinutes(-1)], NOW)).toBe(0);
    expect(recommendedGrace([inMinutes(5000)], NOW)).toBe(1440);
  });

  it('cuts nobody off, and a shorter one says whom', () => {
    const ends = [inMinutes(5), inMinutes(59.2), inMinutes(30)];
    expect(cutOff(ends, recommendedGrace(ends, NOW), NOW)).toBe(0);
    expect(cutOff(ends, 30, NOW)).toBe(1);
    expect(cutOff(ends, 0, NOW)).toBe(3);
  });

  it('takes what the service takes', () => {
    expect(graceFrom(' 90 ')).toBe(90);
    expect(graceFrom('0')).toBe(0);
    expect(graceFrom('1440')).toBe(1440);
    for (const text of ['', '1441', '-1', '1.5', 'an hour', '00001']) expect(graceFrom(text), text).toBeUndefined();
  });
});

describe('a guided rotation', () => {
  const fresh = { entering: false, proved: undefined, activated: undefined };
  const idle = { version: 1, staged: null, retiring: null };
  const staged = { version: 1, staged: { version: 2 }, retiring: null };
  const retiring = { version: 2, staged: null, retiring: { version: 1 } };

  it('begins with what would be hit, and enters the credential when the reader goes on', () => {
    expect(rotationStep(idle, fresh)).toBe('impact');
    expect(rotationStep(idle, { ...fresh, entering: true })).toBe('enter');
  });

  it('goes on where the registry stands, whoever comes back to it', () => {
    expect(rotationStep(staged, fresh)).toBe('prove');
    expect(rotationStep(staged, { ...fresh, entering: true })).toBe('prove');
    expect(rotationStep(retiring, fresh)).toBe('watch');
  });

  it('is proved before it is activated, version by version', () => {
    expect(rotationStep(staged, { ...fresh, proved: 2 })).toBe('activate');
    // Another one was staged since.
    expect(rotationStep({ ...staged, staged: { version: 3 } }, { ...fresh, proved: 2 })).toBe('prove');
    expect(rotationStep(retiring, { ...fresh, proved: 2 })).toBe('watch');
  });

  it('tells the end to those who began it, and begins the next one when they ask', () => {
    const ended = { version: 2, staged: null, retiring: null };
    expect(rotationStep(ended, { ...fresh, activated: 2 })).toBe('watch');
    expect(rotationStep(ended, { ...fresh, entering: true, activated: 2 })).toBe('enter');
    expect(rotationStep(retiring, { ...fresh, entering: true })).toBe('enter');
    // A link to a version that this registry never had.
    expect(rotationStep(ended, { ...fresh, activated: 9 })).toBe('impact');
  });
});
