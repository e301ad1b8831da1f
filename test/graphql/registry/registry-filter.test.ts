import 'reflect-metadata';
import { expect, it } from 'vitest';
import { registryFilter, registrySelection } from '../../../src/graphql/registry/registry-connection.ts';
import { refusal } from '../../domain/refusals.ts';

it('takes statuses in any order and more than once', () => {
  const filter = registryFilter({ statuses: ['FAILING', 'ACTIVE', 'FAILING'] });
  expect(filter.statuses).toEqual(['ACTIVE', 'FAILING']);
  const order = { field: 'NAME', direction: 'ASC' } as const;
  const same = registryFilter({ statuses: ['ACTIVE', 'FAILING'] });
  expect(registrySelection(filter, order)).toBe(registrySelection(same, order));
  expect(registrySelection(registryFilter({ neverTested: true }), order)).not.toBe(
    registrySelection(registryFilter({ neverTested: false }), order),
  );
});

it('refuses an empty list of statuses, which could mean none or all', () => {
  expect(refusal(() => registryFilter({ statuses: [] })).field).toBe('filter.statuses');
});
