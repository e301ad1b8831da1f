import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEntry, auditFacts, chainHash, FIRST_PREVIOUS_HASH } from '../../src/domain/audit-entry.ts';
import type { RegistryEvent } from '../../src/domain/events.ts';
import { evolveRegistry, initialRegistryState } from '../../src/domain/registry.ts';
import { createdEvent, idOf, renamedEvent, rotatedEvent } from '../support/recorded-events.ts';

const before = evolveRegistry(initialRegistryState, createdEvent('a', 1) as RegistryEvent, {
  at: '2026-03-01T00:00:00.000Z',
  actor: 'ada',
});

describe('what an event says in the audit log', () => {
  it('names changed fields with their old and new values', () => {
    expect(auditFacts(renamedEvent('a', 'hub'), before)).toMatchObject({
      action: 'UPDATE_REGISTRY',
      outcome: 'SUCCEEDED',
      url: 'a.example',
      changes: [{ field: 'name', from: 'a', to: 'hub' }],
    });
  });

  it('shows a secret as its version', () => {
    expect(auditFacts(rotatedEvent('a', 2), before).changes).toEqual([
      { field: 'password', from: 'version 1', to: 'version 2' },
    ]);
  });
});

describe('the hash chain', () => {
  const entry = (index: number): AuditEntry => ({
    eventId: idOf(`event-${index}`),
    occurredAt: '2026-03-01T00:00:00.000Z',
    action: 'UPDATE_REGISTRY',
    outcome: 'SUCCEEDED',
    code: null,
    actor: 'ada',
    issuer: 'https://issuer.example',
    ipAddress: null,
    userAgent: null,
    requestId: null,
    registryId: idOf('a'),
    url: 'a.example',
    pipeline: null,
    changes: [{ field: 'name', from: null, to: String(index) }],
    durationMs: 1,
  });
  const entries = Array.from({ length: 20 }, (_, index) => entry(index));
  const chain = (of: readonly AuditEntry[]): string[] => {
    let previous = FIRST_PREVIOUS_HASH;
    return of.map((each, index) => {
      previous = chainHash(previous, index + 1, each);
      return previous;
    });
  };
  const hashes = chain(entries);
  const firstDifference = (of: readonly AuditEntry[]) => chain(of).findIndex((hash, index) => hash !== hashes[index]);

  it('differs from the first entry on that was changed, in whatever field', () => {
    const fields = Object.keys(entry(0)) as (keyof AuditEntry)[];
    fc.assert(
      fc.property(fc.nat(19), fc.constantFrom(...fields), (at, field) => {
        const changed = entries.map((each, index) =>
          index === at ? { ...each, [field]: field === 'changes' ? [] : 'other' } : each,
        );
        expect(firstDifference(changed)).toBe(at);
      }),
    );
  });

  it('differs from the place on where an entry was taken out or moved', () => {
    fc.assert(
      fc.property(fc.nat(18), (at) => {
        expect(firstDifference(entries.filter((_, index) => index !== at))).toBe(at);
        const swapped = entries.with(at, entries[at + 1] ?? entry(0)).with(at + 1, entries[at] ?? entry(0));
        expect(firstDifference(swapped)).toBe(at);
      }),
    );
  });
});
