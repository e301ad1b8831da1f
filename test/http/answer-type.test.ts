import { describe, expect, it } from 'vitest';
import { answerType, GRAPHQL_TYPE, JSON_TYPE } from '../../src/http/answer-type.ts';

const CASES = [
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_TYPE],
  ['text/html', undefined],
] as const;

describe('the type of an answer', () => {
  it.each(CASES)('for Accept %j is %s, however often it is asked', (accept, type) => {
    expect([answerType(accept), answerType(accept)]).toEqual([type, type]);
  });

  it('is right when more headers came than are remembered', () => {
    for (let number = 1; number < 500; number += 1) {
      expect(answerType(`text/plain, application/json;q=0.${number}`)).toBe(JSON_TYPE);
    }
    for (const [accept, type] of CASES) expect(answerType(accept)).toBe(type);
  });
});
