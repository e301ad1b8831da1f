import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { checkAnchors } from '../../../src/application/doctor/check-anchors.ts';
import { checkAuditRetention } from '../../../src/application/doctor/check-audit-retention.ts';
import { judgeAnchoring } from '../../../src/application/doctor/judge-anchoring.ts';
import { judgeDataFolder, judgeMigrations } from '../../../src/application/doctor/judge-database.ts';
import { judgeProjection } from '../../../src/application/doctor/judge-projection.ts';
import { createHeadKey } from '../../support/audit-exports.ts';

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

  it('warns of audit entries that stay for longer than they are to, because they are in no archive', async () => {
    const oldest: Readonly<Record<string, string>> = {
      '': '2026-01-01T00:00:00.000Z',
      demo: '2025-12-31T23:59:59.999Z',
    };
    const check = (auditRetentionMs: number | undefined) =>
      checkAuditRetention({
        projects: Readable.from(['', 'demo', 'archived']),
        oldestUnarchived: async (projectId) => oldest[projectId],
        auditRetentionMs,
        now: Date.parse('2026-01-31T00:00:00Z'),
      });
    expect(await check(30 * 86_400_000)).toMatchObject({
      status: 'warning',
      found: expect.stringMatching(/^1 log with entries .*: project demo since 2025-12-31T23:59:59\.999Z$/),
      fix: 'Run purser archive <folder> --before 2026-01-01T00:00:00.000Z.',
    });
    expect((await check(31 * 86_400_000)).status).toBe('ok');
    expect((await check(undefined)).status).toBe('ok');
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

  const NOW = Date.parse('2026-03-01T10:00:00.000Z');
  const brought = { kind: 'url', number: 7, isForged: false, waitingSince: null } as const;
  it.each([
    ['ok', []],
    ['ok', [brought]],
    ['ok', [{ ...brought, waitingSince: '2026-03-01T09:51:00.000Z' }]],
    ['failed', [brought, { ...brought, waitingSince: '2026-03-01T09:49:00.000Z' }]],
    ['failed', [{ ...brought, isForged: true }]],
  ])('says %s of anchoring with %j', (status, anchors) => {
    expect(judgeAnchoring(anchors, NOW).status).toBe(status);
  });

  it.each([
    ['ok', 0],
    ['warning', 2],
  ])('says %s of an anchor after whose end %i logs went on', async (status, moved) => {
    const key = createHeadKey();
    const head = key.sign({ sequence: 1, hash: '0'.repeat(64) });
    const { found, ...finding } = await checkAnchors({
      heads: Readable.from([head]),
      publicKeys: new Map([[key.keyId, key.publicKey]]),
      hashesAt: async (heads) => heads.map(({ hash }) => hash),
      logsMovedSince: async (at) => (at === head.signedAt ? moved : -1),
    });
    expect(finding.status).toBe(status);
    if (moved > 0) expect(found).toBe(`the anchor ends at ${head.signedAt}, and 2 audit logs went on since`);
  });
});
