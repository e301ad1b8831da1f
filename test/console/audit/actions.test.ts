import { expect, it } from 'vitest';
import { ACTIONS } from '../../../console/src/views/audit/actions.ts';
import { AUDIT_ACTIONS } from '../../../src/domain/audit-actions.ts';

it('the console proposes the actions that there are', () => {
  expect(ACTIONS).toEqual(Object.keys(AUDIT_ACTIONS));
});
