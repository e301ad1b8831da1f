import { expect, it } from 'vitest';
import { holdOf, stateOf } from '../../src/views/webhooks/webhook-state.ts';

const NOW = Date.parse('2026-03-28T12:00:00Z');
const EARLIER = '2026-03-28T11:00:00.000Z';
const LATER = '2026-03-28T13:00:00.000Z';

it.each([
  [null, null, 'Enabled', undefined],
  [null, LATER, 'Paused', LATER],
  [null, EARLIER, 'Enabled', undefined],
  [EARLIER, LATER, 'Disabled', EARLIER],
])('a webhook disabled at %s and paused until %s is %s', (disabledAt, pausedUntil, word, at) => {
  const state = stateOf({ disabledAt, pausedUntil }, NOW);
  expect(state.status.word).toBe(word);
  expect(state.at).toBe(at);
});

it.each([
  ['an enabled webhook', {}, undefined],
  ['a webhook that is disabled', { disabledAt: EARLIER }, 'disabled'],
  ['a webhook that is disabled and paused', { disabledAt: EARLIER, pausedUntil: LATER }, 'disabled'],
  ['a webhook that is paused', { pausedUntil: LATER }, 'paused'],
  ['a webhook whose pause has passed', { pausedUntil: EARLIER }, undefined],
  ['a webhook that hears of its kind', { kinds: ['ROTATED' as const] }, undefined],
  ['a webhook that no longer hears of its kind', { kinds: ['DELETED' as const] }, 'removed'],
  ['a webhook that is not configured', { name: 'other' }, 'removed'],
])('a pending delivery for %s is held so', (_what, differences, hold) => {
  const webhook = { name: 'chat', kinds: null, disabledAt: null, pausedUntil: null, ...differences };
  const delivery = { webhook: 'chat', kind: 'ROTATED' as const };
  expect(holdOf({ ...delivery, state: 'PENDING' }, [webhook], NOW)).toBe(hold);
  expect(holdOf({ ...delivery, state: 'DEAD_LETTER' }, [webhook], NOW)).toBeUndefined();
});
