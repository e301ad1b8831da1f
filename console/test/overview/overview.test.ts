import { describe, expect, it } from 'vitest';
import type { OverviewAttentionQuery, OverviewEndingsQuery } from '../../src/api/generated/graphql.ts';
import { pressing, timesOf, totalOf, uncounted } from '../../src/views/overview/attention-groups.ts';
import { endingsOf } from '../../src/views/overview/endings.ts';

const NOW = Date.parse('2026-03-01T09:30:45.678Z');
const TIMES = timesOf(NOW);

type Group = OverviewAttentionQuery['failing'];
const none: Group = { pageInfo: { hasNextPage: false }, nodes: [] };
const andMore = (group: Group): Group => ({ ...group, pageInfo: { hasNextPage: true } });
const one = (createdAt: string): Group => ({
  pageInfo: { hasNextPage: false },
  nodes: [
    {
      id: '1',
      name: 'ghcr.io',
      createdAt,
      credential: { expiresAt: null, rotationDueAt: null },
      health: null,
      usage: { lastUsedAt: null },
    },
  ],
});
const CALM: OverviewAttentionQuery = {
  all: { nodes: [{ id: '1' }] },
  failing: none,
  needsCredential: none,
  expired: none,
  expiring: none,
  overdue: none,
  neverTested: none,
  unused: none,
};

describe('what needs attention', () => {
  it('is asked about to the minute, so that answers are cached', () => {
    expect(TIMES).toEqual({
      now: '2026-03-01T09:30:00.000Z',
      longAgo: '2025-12-01T09:30:00.000Z',
      until: '2026-05-30T09:30:00.000Z',
    });
  });

  it('is nothing where all is well', () => {
    expect(pressing(CALM, TIMES.longAgo)).toEqual([]);
  });

  it('comes with the most pressing first', () => {
    const data = { ...CALM, expiring: one('2026-01-01T00:00:00.000Z'), failing: one('2026-01-01T00:00:00.000Z') };
    expect(pressing(data, TIMES.longAgo).map(({ name }) => name)).toEqual(['failing', 'expiring']);
  });

  it('does not call unused what is younger than that', () => {
    expect(pressing({ ...CALM, unused: one('2026-02-01T00:00:00.000Z') }, TIMES.longAgo)).toEqual([]);
    expect(pressing({ ...CALM, unused: one('2025-11-01T00:00:00.000Z') }, TIMES.longAgo)).toHaveLength(1);
  });

  it('is counted apart where there is more than the first few', () => {
    const old = one('2025-01-01T00:00:00.000Z');
    const data = { ...CALM, failing: old, expired: andMore(old), overdue: andMore(none) };
    const groups = pressing(data, TIMES.longAgo);
    expect(groups.map(({ name }) => name)).toEqual(['failing', 'expired', 'overdue']);
    const asked = Object.entries(uncounted(data, groups)).filter(([, isAsked]) => isAsked);
    expect(asked.map(([name]) => name)).toEqual(['expired', 'overdue']);
    const counts = { expired: { totalCount: 10_000, totalCountIsExact: false } };
    expect(totalOf(data, undefined, 'failing')).toEqual({ totalCount: 1, totalCountIsExact: true });
    expect(totalOf(data, undefined, 'expired')).toBeUndefined();
    expect(totalOf(data, counts, 'expired')).toEqual({ totalCount: 10_000, totalCountIsExact: false });
  });
});

describe('what ends', () => {
  const registry = (id: string, expiresAt: string | null, rotationDueAt: string | null) => ({
    id,
    name: `${id}.example`,
    credential: { expiresAt, rotationDueAt },
  });

  it('is each expiry and each rotation from now on, in order, each with its link', () => {
    const far = registry('far', '2026-04-01T00:00:00.000Z', '2026-03-20T00:00:00.000Z');
    const data: OverviewEndingsQuery = {
      expiring: {
        pageInfo: { hasNextPage: false },
        nodes: [
          registry('past', '2026-02-01T00:00:00.000Z', null),
          registry('near', '2026-03-04T00:00:00.000Z', null),
          far,
        ],
      },
      due: { pageInfo: { hasNextPage: false }, nodes: [far] },
    };
    expect(endingsOf(data, 'a b', TIMES.now)).toEqual([
      {
        id: 'expires near',
        at: '2026-03-04T00:00:00.000Z',
        label: 'near.example',
        what: 'expires',
        tone: 'danger',
        href: '/projects/a%20b/registries/near',
      },
      expect.objectContaining({ id: 'rotationDue far', tone: 'info' }),
      expect.objectContaining({ id: 'expires far', tone: 'attention' }),
    ]);
  });
});
