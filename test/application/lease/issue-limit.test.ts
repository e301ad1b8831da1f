import { beforeEach, describe, expect, it } from 'vitest';
import { createIssueLimit, type LimitIssues } from '../../../src/application/lease/issue-limit.ts';
import type { Principal } from '../../../src/domain/permissions.ts';
import { aCaller } from '../../support/use-cases.ts';

const { principal: alice } = aCaller('alice');
const { principal: bob } = aCaller('bob');
const limited = (retryAfter: number) => expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfter } });

let now: number;
let limit: LimitIssues;
beforeEach(() => {
  now = 5_000;
  limit = createIssueLimit(600, () => now);
});

function ask(caller: Principal, times: number, projectId = 'demo'): void {
  for (let index = 0; index < times; index += 1) limit(caller, projectId);
}

describe('the limit of asks for credentials', () => {
  it('lets a caller ask as often as configured within a minute, and says when the minute ends', () => {
    ask(alice, 599);
    now += 20_500;
    ask(alice, 1);
    expect(() => ask(alice, 1)).toThrow(limited(40));
    now += 39_499;
    expect(() => ask(alice, 1)).toThrow(limited(1));
    now += 1;
    ask(alice, 600);
    expect(() => ask(alice, 1)).toThrow(limited(60));
  });

  it('counts each caller and each project by itself', () => {
    ask(alice, 600);
    ask(bob, 600);
    ask({ ...alice, issuer: 'https://another.example' }, 600);
    ask(alice, 600, 'shop');
    expect(() => ask(bob, 1)).toThrow(limited(60));
  });

  it('is none if it is 0', () => {
    limit = createIssueLimit(0, () => now);
    expect(() => ask(alice, 10_000)).not.toThrow();
  });
});
