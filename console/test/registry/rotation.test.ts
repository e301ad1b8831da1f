import { describe, expect, it } from 'vitest';
import { cutOff, graceChoice, graceFrom, lastEnd, minutesOf } from '../../src/views/rotate/grace.ts';
import { isOvertaken, rotationStep } from '../../src/views/rotate/rotation-position.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const inMinutes = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

describe('the grace of an activation', () => {
  it('lasts a day where leases run, whatever the clock of the browser says', () => {
    expect(minutesOf(graceChoice(undefined, 3), '60')).toBe(1440);
  });

  it('is none where it is known that no lease runs', () => {
    expect(minutesOf(graceChoice(undefined, 0), '60')).toBe(0);
  });

  it('is chosen by the reader while it is not known what runs', () => {
    expect(graceChoice(undefined, undefined)).toBeUndefined();
    expect(minutesOf(graceChoice(undefined, undefined), '60')).toBeUndefined();
    expect(minutesOf(graceChoice('none', undefined), '60')).toBe(0);
    expect(minutesOf(graceChoice('other', undefined), '90')).toBe(90);
    expect(minutesOf(graceChoice('other', 1), 'an hour')).toBeUndefined();
  });

  it('is said to cut off whom it may, by the latest time that the service told', () => {
    const ends = [inMinutes(5), inMinutes(59.2), inMinutes(30)];
    const told = [inMinutes(0), inMinutes(-30), null, undefined];
    expect(cutOff(ends, 60, told)).toBe(0);
    expect(cutOff(ends, 30, told)).toBe(1);
    expect(cutOff(ends, 0, told)).toBe(3);
    expect(lastEnd(ends)).toBe(NOW + 59.2 * 60_000);
    expect(lastEnd([])).toBeUndefined();
  });

  it('takes what the service takes', () => {
    expect(graceFrom(' 90 ')).toBe(90);
    expect(graceFrom('0')).toBe(0);
    expect(graceFrom('1440')).toBe(1440);
    for (const text of ['', '1441', '-1', '1.5', 'an hour', '00001']) expect(graceFrom(text), text).toBeUndefined();
  });
});

describe('a guided rotation', () => {
  const fresh = { entering: false, begun: false, proved: undefined, activated: undefined };
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

  it('takes nothing away that the reader has entered', () => {
    expect(rotationStep(staged, { ...fresh, entering: true, begun: true })).toBe('enter');
    expect(rotationStep(staged, { ...fresh, begun: true })).toBe('prove');
  });

  it('knows when somebody else was quicker', () => {
    expect(isOvertaken(idle, idle)).toBe(false);
    expect(isOvertaken(idle, staged)).toBe(true);
    expect(isOvertaken(staged, { ...staged, staged: { version: 3 } })).toBe(true);
    expect(isOvertaken(idle, { version: 2, staged: null })).toBe(true);
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
