import { describe, expect, it } from 'vitest';
import { changedFields, draftOf, mergeDraft, updateInput } from '../../src/views/registry/edit-draft.ts';
import { differences, factsOf } from '../../src/views/registry/registry-facts.ts';
import { REGISTRY } from './registry-sample.ts';

const base = draftOf(REGISTRY);

describe('an edit', () => {
  it('sends only what was changed, and null for what was cleared', () => {
    const draft = { ...base, email: '', description: 'New', rotateEveryDays: '30', access: 'PULL' as const };
    expect(updateInput(base, draft)).toEqual({ email: null, description: 'New', rotateEveryDays: 30, access: 'PULL' });
    expect(updateInput(base, base)).toEqual({});
  });

  it('leaves a name that nobody entered empty, so that saving does not enter it', () => {
    expect(draftOf({ ...REGISTRY, name: REGISTRY.url }).name).toBe('');
  });

  it('does not send a user name that is the same, because that would end staged and retiring versions', () => {
    expect(updateInput(base, { ...base, name: 'x' })).not.toHaveProperty('username');
  });

  it('takes over what others changed, and keeps what the reader typed', () => {
    const theirs = { ...base, description: 'Theirs', email: 'theirs@example.com', access: 'PULL' as const };
    const mine = { ...base, description: 'Mine', name: 'My name' };
    const merged = mergeDraft(base, theirs, mine);
    expect(merged.draft).toEqual({ ...theirs, description: 'Mine', name: 'My name' });
    expect(merged.clashes).toEqual(['description']);
    expect(changedFields(theirs, merged.draft)).toEqual(['name', 'description']);
  });

  it('clashes in nothing where both changed a field to the same', () => {
    const same = { ...base, name: 'Agreed' };
    expect(mergeDraft(base, same, same).clashes).toEqual([]);
  });
});

describe('two moments of a registry', () => {
  it('differ in what changed between them', () => {
    const later = {
      ...REGISTRY,
      description: null,
      credential: { ...REGISTRY.credential, version: 2, rotatedAt: '2026-02-01T00:00:00.000Z' },
    };
    expect(differences(factsOf(REGISTRY), factsOf(later))).toEqual([
      { fact: 'description', from: 'For releases', to: null },
      { fact: 'version', from: 1, to: 2 },
      { fact: 'rotatedAt', from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
    ]);
  });

  it('differ in any setting of how passwords are minted', () => {
    const mint = {
      kind: 'AZURE' as const,
      federated: true,
      tenantId: 'a',
      clientId: 'b',
      apiUrl: null,
      externalId: null,
      installationId: null,
      providerName: null,
      robot: null,
      roleArn: null,
      serviceAccountEmail: null,
      workloadIdentityProvider: null,
    };
    const from = factsOf({ ...REGISTRY, mint });
    expect(from.mint).toBe(
      'Azure, from a service principal; without a stored secret; Tenant, by its id or domain: a; Client id: b',
    );
    expect(differences(from, factsOf({ ...REGISTRY, mint: { ...mint, tenantId: 'c' } }))).toHaveLength(1);
    expect(differences(from, factsOf({ ...REGISTRY, mint }))).toEqual([]);
  });
});
