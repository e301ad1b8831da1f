import { expect, it } from 'vitest';
import { stateOf } from '../../src/views/webhooks/webhook-state.ts';

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
