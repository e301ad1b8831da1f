import { describe, expect, it } from 'vitest';
import {
  type AuditSearch,
  appliedSearch,
  auditSearch,
  CHANGES,
  entryAddress,
  filterOf,
  filterOfPlace,
  PRESET_NAMES,
  placeOf,
  presetOf,
  withEntered,
  withPreset,
} from '../../src/views/audit/search.ts';

describe('the address of the audit log', () => {
  it('holds every filter of the API, and drops what it does not know', () => {
    const raw = {
      search: 'ada',
      kind: 'changes',
      action: 'CREATE_REGISTRY',
      outcome: 'DENIED',
      code: 'FORBIDDEN',
      actor: 'ada',
      pipeline: 'web/deploy',
      runId: '7',
      registryId: 'r',
      leaseId: 'l',
      requestId: 'q',
      from: '2026-03-01',
      to: '2026-03-02T00:00:00Z',
      entry: '7@2026-03-01T09:30:00.000Z',
      other: 'x',
    };
    const { other: _, ...known } = raw;
    expect(auditSearch(raw)).toEqual({ ...known, from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' });
    expect(auditSearch({ outcome: 'MAYBE', kind: 'all', from: 'yesterday', actor: '' })).toEqual({});
  });

  it('asks the API for the actions of a kind, unless one was chosen', () => {
    expect(filterOf({ kind: 'changes', entry: '1@x' })).toEqual({ actions: CHANGES });
    expect(filterOf({ kind: 'changes', action: 'LINK_PIPELINE' })).toEqual({ action: 'LINK_PIPELINE' });
    expect(CHANGES.length).toBeLessThanOrEqual(32);
  });

  it('takes what is entered as it is typed, and trims it when it is applied', () => {
    const typed = [...' web deploy '].reduce<AuditSearch>(
      (draft, letter) => withEntered(draft, 'pipeline', (draft.pipeline ?? '') + letter),
      {},
    );
    expect(typed).toEqual({ pipeline: ' web deploy ' });
    expect(appliedSearch({ ...typed, actor: '  ', entry: '1@x' })).toEqual({ pipeline: 'web deploy' });
    expect(withEntered(typed, 'pipeline', '')).toEqual({});
    expect(withEntered({ from: '2026-03-01T00:00:00.000Z' }, 'from', null)).toEqual({});
  });

  it('keeps the kind of a quick filter, unless an action was entered', () => {
    expect(appliedSearch({ kind: 'changes', action: ' ' })).toEqual({ kind: 'changes' });
    expect(appliedSearch({ kind: 'changes', action: 'LINK_PIPELINE' })).toEqual({ action: 'LINK_PIPELINE' });
  });

  it.each(PRESET_NAMES)('knows the quick filter %s again, and keeps its times', (name) => {
    const search = withPreset({ from: '2026-03-01T00:00:00.000Z', actor: 'ada', entry: '1@x' }, name);
    expect(presetOf(search)).toBe(name);
    expect(search).toMatchObject({ from: '2026-03-01T00:00:00.000Z' });
    expect(search.entry).toBeUndefined();
    expect(presetOf({ ...search, actor: 'ada' })).toBeUndefined();
  });

  it('finds an entry again by its number and time', () => {
    const place = { sequence: 42, occurredAt: '2026-03-01T09:30:00.123Z' };
    expect(placeOf(entryAddress(place))).toEqual(place);
    expect(filterOfPlace(place)).toEqual({ from: '2026-03-01T09:30:00.123Z', to: '2026-03-01T09:30:00.124Z' });
    for (const other of ['', '42', '42@', '@2026-03-01T09:30:00Z', '-1@2026-03-01', 'x@2026-03-01']) {
      expect(placeOf(other)).toBeUndefined();
    }
  });
});
