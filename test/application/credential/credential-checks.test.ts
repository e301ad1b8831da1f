import { expect, it } from 'vitest';
import { confirmedTest } from '../../../src/application/credential/credential-checks.ts';
import type { ProbeReport } from '../../../src/application/ports/registry-probe.ts';
import { LOGGED_IN } from '../../support/probe-reports.ts';

const REFUSED: ProbeReport = { ...LOGGED_IN, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' };

/** What a check of a registry that answers so comes to, and what it did. */
async function checked(...answers: readonly ProbeReport[]) {
  const done: string[] = [];
  const waiting = [...answers];
  const test = async () => {
    done.push('test');
    return waiting.shift();
  };
  const report = await confirmedTest(test, async () => {
    done.push('pause');
  });
  return [report?.outcome, done];
}

it('a refusal counts once a second try, after a pause, finds it again; what else is found counts at once', async () => {
  expect(await checked(REFUSED, REFUSED)).toEqual(['AUTHENTICATION_FAILED', ['test', 'pause', 'test']]);
  expect(await checked(REFUSED, LOGGED_IN)).toEqual(['OK', ['test', 'pause', 'test']]);
  expect(await checked(LOGGED_IN)).toEqual(['OK', ['test']]);
  expect(await checked({ ...LOGGED_IN, outcome: 'UNREACHABLE' })).toEqual(['UNREACHABLE', ['test']]);
  expect(await checked()).toEqual([undefined, ['test']]);
});
