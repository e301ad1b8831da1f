import { describe, expect, it } from 'vitest';
import { matchDraft, newDraft, type RuleDraft } from '../../src/views/trust/rule-draft.ts';
import { isOutdated, movedWithRows, shownReview } from '../../src/views/trust/rule-review.ts';

const DRAFT: RuleDraft = {
  ...newDraft({ grantable: [] }),
  name: 'web',
  issuer: 'https://gitlab.com',
  matches: [matchDraft({ claim: 'project_id', text: '22' })],
  pipelineClaim: 'project_path',
};
const wrong = (...fields: string[]) => ({
  rejections: fields.map((field) => ({ field, message: `wrong: ${field}` })),
  warnings: [],
});
const shown = (fields: string[], draft: Partial<RuleDraft> = {}, isTemplate = false) =>
  shownReview(wrong(...fields), { ...DRAFT, ...draft }, { isTemplate });

describe('a review of a rule that is being typed', () => {
  it('stands at its fields, and what has none apart', () => {
    const { problems, others } = shown(['name', 'matches[0].equals', 'purposes', 'projectId']);
    expect(Object.keys(problems).sort()).toEqual(['matches[0].equals', 'name', 'purposes']);
    expect(others).toEqual(['wrong: projectId']);
  });

  it('says the first fault of a field, as saving would', () => {
    const rejections = ['first', 'second'].map((message) => ({ field: 'matches', message }));
    const { problems } = shownReview({ rejections, warnings: [] }, DRAFT, { isTemplate: false });
    expect(problems).toEqual({ matches: 'first' });
  });

  it('does not call for what is not typed yet', () => {
    const fields = [
      'name',
      'issuer',
      'pipelineClaim',
      'matches[0].equals',
      'matches[1].claim',
      'matches[2].startsWith',
    ];
    const matches = [
      matchDraft({ claim: 'ref' }),
      matchDraft({ text: 'x' }),
      matchDraft({ kind: 'startsWith', text: 're' }),
    ];
    const { problems } = shown(fields, { name: ' ', issuer: '', pipelineClaim: '', matches });
    expect(Object.keys(problems)).toEqual(['matches[2].startsWith']);
    expect(shown(['matches[7].claim']).problems).toEqual({});
  });

  it('says nothing of conditions whose words are still to be replaced', () => {
    expect(Object.keys(shown(['matches', 'matches[0].equals', 'issuer'], {}, true).problems)).toEqual(['issuer']);
    const warned = { rejections: [], warnings: ['of a fork', '`allowPassword` hands out passwords.'] };
    expect(shownReview(warned, DRAFT, { isTemplate: true })).toMatchObject({ warnings: [] });
    const { warnings, ofPasswords } = shownReview(warned, DRAFT, { isTemplate: false });
    expect([warnings, ofPasswords]).toEqual([['of a fork'], ['`allowPassword` hands out passwords.']]);
  });
});

describe('what is said of a condition', () => {
  it('moves with its row, and goes with it', () => {
    const said = wrong('name', 'matches', 'matches[0].claim', 'matches[1].equals', 'matches[2]').rejections;
    const fields = (before: string[], now: string[]) => movedWithRows(said, before, now).map(({ field }) => field);
    expect(fields(['a', 'b', 'c'], ['a', 'b', 'c', 'd'])).toEqual(said.map(({ field }) => field));
    expect(fields(['a', 'b', 'c'], ['b', 'c'])).toEqual(['name', 'matches', 'matches[0].equals', 'matches[1]']);
    expect(fields(['a', 'b', 'c'], ['a', 'c'])).toEqual(['name', 'matches', 'matches[0].claim', 'matches[1]']);
    expect(fields([], ['a'])).toEqual(['name', 'matches']);
  });

  it('is outdated when a row was taken away after saving was refused', () => {
    const refusal = { message: 'wrong', field: 'matches[1].equals' };
    const two = { ...DRAFT, matches: [matchDraft(), matchDraft()] };
    expect(isOutdated(refusal, two, { matches: two.matches.slice(1) })).toBe(true);
    expect(isOutdated(refusal, two, { matches: [...two.matches, matchDraft()] })).toBe(false);
    expect(isOutdated(refusal, two, { name: 'other' })).toBe(false);
    expect(isOutdated({ message: 'wrong', field: 'name' }, two, { matches: [] })).toBe(false);
    expect(isOutdated(null, two, { matches: [] })).toBe(false);
  });
});
