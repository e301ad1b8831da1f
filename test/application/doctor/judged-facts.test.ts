import { describe, expect, it } from 'vitest';
import { judgeDataFolder, judgeMigrations } from '../../../src/application/doctor/judge-database.ts';
import { judgeProjection } from '../../../src/application/doctor/judge-projection.ts';

const MIB = 1024 * 1024;

describe('the doctor', () => {
  it.each([
    ['ok', { freeBytes: 2_000 * MIB, open: [] }],
    ['warning', { freeBytes: 1_000 * MIB, open: [] }],
    ['failed', { freeBytes: 99 * MIB, open: [] }],
    ['failed', { freeBytes: 2_000 * MIB, open: ['/srv/purser/postgres-password (mode 644)'] }],
  ])('says %s of a data folder with %j', (status, facts) => {
    expect(judgeDataFolder('/srv/purser', facts).status).toBe(status);
  });

  it.each([
    ['ok', {}],
    ['failed', { missing: ['0009_more.sql'] }],
    ['failed', { changed: ['0001_event_log.sql'] }],
    ['warning', { newer: ['0010_later.sql'] }],
  ])('says %s of migrations with %j', (status, state) => {
    expect(judgeMigrations({ missing: [], changed: [], newer: [], applied: 8, ...state }).status).toBe(status);
  });

  const level = { lagSeconds: 0, isLed: true, parked: { streams: 0, first: null } };
  it.each([
    ['ok', {}],
    ['ok', { isLed: false }],
    ['ok', { lagSeconds: 29 }],
    ['failed', { lagSeconds: 31 }],
    ['warning', { lagSeconds: 31, isLed: false }],
    ['failed', { parked: { streams: 2, first: { stream: 'registry-a', reason: 'unknown event type X' } } }],
  ])('says %s of read models with %j', (status, facts) => {
    expect(judgeProjection({ ...level, ...facts }).status).toBe(status);
  });
});
