import { describe, expect, it } from 'vitest';
import { changeInWords } from '../../src/views/registry/change-in-words.ts';

describe('a change in the history of a registry', () => {
  it.each([
    ['purpose', 'PUSH', 'Push'],
    ['access', 'PULL_AND_PUSH', 'Pull and push'],
    ['provider', 'DOCKER_HUB', 'Docker Hub'],
    ['outcome', 'AUTHENTICATION_FAILED', 'Login refused'],
    ['reason', 'LAST_LEASE_ENDED', 'its last lease ended'],
    ['rotateEveryDays', '1', '1 day'],
    ['repeated', 'true', 'yes'],
  ])('says %s %s as people do', (field, value, words) => {
    expect(changeInWords(field, value)).toBe(words);
  });

  it.each([
    ['description', 'PULL'],
    ['reason', 'the issuer answered 500'],
    ['reason', 'toString'],
    ['outcome', 'A_NEW_ONE'],
    ['stagedPassword', 'version 2'],
    ['unknown', 'REPLACED'],
  ])('leaves %s %s as it was written', (field, value) => {
    expect(changeInWords(field, value)).toBe(value);
  });
});
