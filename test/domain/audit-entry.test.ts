import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEntry, chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import { auditFacts } from '../../src/domain/audited-events.ts';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import type { RegistryEvent } from '../../src/domain/registry-events.ts';
import {
  createdEvent,
  credentialsTestedEvent,
  expiryLearntEvent,
  idOf,
  renamedEvent,
  rotatedEvent,
  testedEvent,
} from '../support/recorded-events.ts';

const before = evolveRegistry(initialRegistryState, createdEvent('a', 1) as RegistryEvent, {
  at: '2026-03-01T00:00:00.000Z',
  actor: 'ada',
});

describe('the audit entry of an event', () => {
  it('names changed fields with their old and new values', () => {
    expect(auditFacts(renamedEvent('a', 'hub'), before)).toMatchObject({
      action: 'UPDATE_REGISTRY',
      outcome: 'SUCCEEDED',
      url: 'a.example',
      changes: [{ field: 'name', from: 'a', to: 'hub' }],
    });
  });

  it('shows a secret as its version', () => {
    expect(auditFacts(rotatedEvent('a', 2), before)?.changes).toEqual([
      { field: 'password', from: 'version 1', to: 'version 2' },
    ]);
  });

  it('tells what a test found, and for which repository', () => {
    const test = testedEvent('a', 1, { outcome: 'INSUFFICIENT_PERMISSION', push: 'DENIED', repository: 'org/app' });
    expect(auditFacts(test, before)).toEqual({
      action: 'TEST_REGISTRY',
      outcome: 'SUCCEEDED',
      code: null,
      registryId: idOf('a'),
      url: 'a.example',
      pipeline: null,
      changes: [
        { field: 'outcome', from: null, to: 'INSUFFICIENT_PERMISSION' },
        { field: 'repository', from: null, to: 'org/app' },
      ],
    });
    expect(auditFacts(credentialsTestedEvent('b.example'), initialRegistryState)).toMatchObject({
      action: 'TEST_CREDENTIALS',
      registryId: null,
      url: 'b.example',
      changes: [{ field: 'outcome', from: null, to: 'AUTHENTICATION_FAILED' }],
    });
  });

  it('shows a learnt expiry beside the known one', () => {
    const expiresAt = '2026-09-01T00:00:00.000Z';
    expect(auditFacts(expiryLearntEvent('a', 1, expiresAt), before)).toMatchObject({
      action: 'LEARN_EXPIRY',
      url: 'a.example',
      changes: [{ field: 'expiresAt', from: null, to: expiresAt }],
    });
  });
});

describe('the hash chain', () => {
  const entry = (index: number): AuditEntry => ({
    format: 1,
    eventId: idOf(`event-${index}`),
    occurredAt: '2026-03-01T00:00:00.000Z',
    action: 'UPDATE_REGISTRY',
    outcome: 'SUCCEEDED',
    code: null,
    field: null,
    actor: 'ada',
    issuer: 'https://issuer.example',
    tokenId: 'token-1',
    ipAddress: null,
    userAgent: null,
    requestId: null,
    registryId: idOf('a'),
    url: 'a.example',
    pipeline: null,
    runId: null,
    image: null,
    leaseId: null,
    changes: [{ field: 'name', from: null, to: String(index) }],
    durationMs: 1,
    count: 1,
    until: null,
    identity: null,
  });
  const entries = Array.from({ length: 20 }, (_, index) => entry(index));
  const chain = (of: readonly AuditEntry[], projectId = 'demo'): string[] => {
    let previous = firstPreviousHash(projectId);
    return of.map((each, index) => {
      previous = chainHash(previous, index + 1, each);
      return previous;
    });
  };
  const hashes = chain(entries);
  const firstDifference = (of: readonly AuditEntry[]) => chain(of).findIndex((hash, index) => hash !== hashes[index]);

  it('differs from the first changed entry on, whichever field was changed', () => {
    const identity = { ruleId: idOf('rule'), ruleName: 'ci', claims: [] };
    const others: Partial<AuditEntry> = { changes: [], identity };
    const fields = Object.keys(entry(0)).filter((field) => field !== 'format') as (keyof AuditEntry)[];
    fc.assert(
      fc.property(fc.nat(19), fc.constantFrom(...fields), (at, field) => {
        const changed = entries.map((each, index) =>
          index === at ? { ...each, [field]: others[field] ?? 'other' } : each,
        );
        expect(firstDifference(changed)).toBe(at);
      }),
    );
  });

  it('is another one for another project', () => {
    const others = new Set(chain(entries, 'other'));
    expect(hashes.filter((hash) => others.has(hash))).toEqual([]);
  });

  it('holds every part of an identity', () => {
    const claim = { name: 'ref', value: 'main' };
    const identities = [
      { ruleId: idOf('rule'), ruleName: 'ci', claims: [claim] },
      { ruleId: idOf('other'), ruleName: 'ci', claims: [claim] },
      { ruleId: idOf('rule'), ruleName: 'other', claims: [claim] },
      { ruleId: idOf('rule'), ruleName: 'ci', claims: [{ ...claim, name: 'other' }] },
      { ruleId: idOf('rule'), ruleName: 'ci', claims: [{ ...claim, value: 'other' }] },
      { ruleId: idOf('rule'), ruleName: 'ci', claims: [claim, claim] },
      null,
    ];
    const chained = identities.map((identity) => chain([{ ...entry(0), identity }])[0]);
    expect(new Set(chained).size).toBe(identities.length);
  });

  it('is not computed for an entry whose format this build does not know', () => {
    for (const format of [0, 2]) expect(() => chain([{ ...entry(0), format }])).toThrow(`has format ${format}`);
  });

  it('differs from the place where an entry was removed or moved', () => {
    fc.assert(
      fc.property(fc.nat(18), (at) => {
        expect(firstDifference(entries.filter((_, index) => index !== at))).toBe(at);
        const swapped = entries.with(at, entries[at + 1] ?? entry(0)).with(at + 1, entries[at] ?? entry(0));
        expect(firstDifference(swapped)).toBe(at);
      }),
    );
  });
});
