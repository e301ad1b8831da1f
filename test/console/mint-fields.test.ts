import { describe, expect, it } from 'vitest';
import {
  choiceFrom,
  choiceKey,
  choiceOf,
  fieldsOf,
  isRequired,
  MINT_FIELDS,
  MINT_KINDS,
  mintChoices,
  mintInput,
  takesSecret,
} from '../../console/src/components/mint-fields.ts';
import { MINT_KINDS as PROFILES } from '../../src/domain/mint-kinds/table.ts';
import { PROVIDERS } from '../../src/domain/providers/table.ts';

describe('the settings of minting', () => {
  it('are those that the service takes for each kind', () => {
    expect([...MINT_KINDS].sort()).toEqual(Object.keys(PROFILES).sort());
    for (const kind of MINT_KINDS) {
      const profile: (typeof PROFILES)[typeof kind] & { onlyFederated?: true; federated?: { settings: object } } =
        PROFILES[kind];
      const rules = { stored: profile.settings, federated: profile.federated?.settings };
      const { stored, federated } = MINT_FIELDS[kind];
      expect(stored?.toSorted(), kind).toEqual(profile.onlyFederated ? undefined : Object.keys(rules.stored).sort());
      expect(federated?.toSorted(), kind).toEqual(rules.federated && Object.keys(rules.federated).sort());
      for (const choice of mintChoices('GENERIC').concat({ kind, federated: false }, { kind, federated: true })) {
        if (choice === 'password') continue;
        const asked: Readonly<Record<string, { readonly required: boolean }>> =
          (choice.federated ? rules.federated : rules.stored) ?? {};
        for (const field of fieldsOf(choice)) expect(isRequired(choice, field), field).toBe(asked[field]?.required);
      }
    }
  });

  it('are offered to the providers for which the service takes them', () => {
    for (const [provider, profile] of Object.entries(PROVIDERS)) {
      const kinds: readonly string[] = 'mintKinds' in profile ? (profile.mintKinds ?? []) : [];
      const offered = mintChoices(provider as keyof typeof PROVIDERS).flatMap((choice) =>
        choice === 'password' ? [] : [choice.kind],
      );
      expect([...new Set(offered)].sort(), provider).toEqual([...kinds].sort());
    }
  });

  it('leave out what is empty and what belongs to another kind', () => {
    const values = { roleArn: ' arn:aws:iam::123456789012:role/purser ', externalId: '', tenantId: 'left from before' };
    expect(mintInput({ kind: 'AMAZON_ECR', federated: false }, values)).toEqual({
      kind: 'AMAZON_ECR',
      federated: false,
      roleArn: 'arn:aws:iam::123456789012:role/purser',
    });
    expect(mintInput('password', values)).toBeNull();
  });

  it('have a name in forms that leads back to them', () => {
    for (const choice of mintChoices('AZURE')) {
      expect(choiceFrom(choiceKey(choice), mintChoices('AZURE'))).toEqual(choice);
    }
    expect(choiceFrom('GOOGLE', mintChoices('AZURE'))).toBe('password');
    expect(choiceOf(null)).toBe('password');
    expect(takesSecret({ kind: 'QUAY', federated: true })).toBe(false);
    expect(takesSecret({ kind: 'AZURE', federated: false })).toBe(true);
  });
});
