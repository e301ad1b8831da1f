import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../support/server-databases.ts';
import { createVaultFixture, opens, type SealedCredential, sealSome, type VaultFixture } from './vault-fixture.ts';

let fixture: VaultFixture;
beforeAll(async () => {
  fixture = await createVaultFixture();
});
afterAll(() => fixture.close());

function seal(registryId: string, credentialVersion: number, on = fixture): Promise<SealedCredential> {
  return sealSome(on, 'lifecycle', { registryId, credentialVersion });
}

async function settle(...sealed: readonly SealedCredential[]): Promise<void> {
  await fixture.sql('select vault.settle($1)', [sealed.map(({ ref }) => ref.secretId)]);
}

async function statesOf(sealed: readonly SealedCredential[]): Promise<string[]> {
  const rows = await fixture.sql<{ secret_id: string; state: string }>(
    'select secret_id, state from vault.secrets where secret_id = any($1)',
    [sealed.map(({ ref }) => ref.secretId)],
  );
  const states = new Map(rows.map(({ secret_id, state }) => [secret_id, state]));
  return sealed.map(({ ref }) => states.get(ref.secretId) ?? 'missing');
}

describe('settling a secret', () => {
  it('makes it current and destroys older ones and the losers of its version', async () => {
    const registryId = randomUUID();
    const [first, second, winner, loser, next, elsewhere] = await Promise.all([
      seal(registryId, 1),
      seal(registryId, 2),
      seal(registryId, 3),
      seal(registryId, 3),
      seal(registryId, 4),
      seal(randomUUID(), 1),
    ]);
    await settle(second);
    await settle(winner);
    expect(await statesOf([first, second, winner, loser, next, elsewhere])).toEqual([
      'destroyed',
      'destroyed',
      'current',
      'destroyed',
      'pending',
      'pending',
    ]);
    expect(await fixture.vault.open(second.binding, second.ref)).toBeUndefined();
    expect(await opens(fixture.vault, winner)).toBe(true);
    expect(await opens(fixture.vault, next)).toBe(true);
  });

  it('works for many registries at once', async () => {
    const registries = Array.from({ length: 50 }, () => randomUUID());
    const older = await Promise.all(registries.map((id) => seal(id, 1)));
    const newer = await Promise.all(registries.map((id) => seal(id, 2)));
    await settle(...older);
    expect(new Set(await statesOf(older))).toEqual(new Set(['current']));
    await settle(...newer);
    expect(new Set(await statesOf(older))).toEqual(new Set(['destroyed']));
    expect(new Set(await statesOf(newer))).toEqual(new Set(['current']));
  });

  it('works for two versions of one registry at once', async () => {
    const registryId = randomUUID();
    const [older, newer] = await Promise.all([seal(registryId, 1), seal(registryId, 2)]);
    await settle(newer, older);
    expect(await statesOf([older, newer])).toEqual(['destroyed', 'current']);
  });

  it('changes nothing when an old event is repeated', async () => {
    const registryId = randomUUID();
    const [older, newer, next] = await Promise.all([1, 2, 3].map((version) => seal(registryId, version)));
    if (!older || !newer || !next) throw new Error('three secrets were pending');
    await settle(older);
    await settle(newer);
    await settle(older);
    expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'current', 'pending']);
  });

  it('does nothing if the secret is missing', async () => {
    await fixture.sql('select vault.settle($1)', [[randomUUID()]]);
  });
});

describe('destroying the secrets of a registry', () => {
  it('leaves secrets that were sealed since, for a new creation', async () => {
    const registryId = randomUUID();
    const [current, lost, recreated, elsewhere] = await Promise.all([
      seal(registryId, 1),
      seal(registryId, 2),
      seal(registryId, 3),
      seal(randomUUID(), 1),
    ]);
    await settle(current);
    const destroy = () => fixture.sql('select vault.destroy_registries($1, $2)', [[registryId], [2]]);
    await destroy();
    const after = ['destroyed', 'destroyed', 'pending', 'pending'];
    expect(await statesOf([current, lost, recreated, elsewhere])).toEqual(after);
    await settle(recreated);
    await destroy();
    expect(await statesOf([current, recreated])).toEqual(['destroyed', 'current']);
    expect(await opens(fixture.vault, recreated)).toBe(true);
  });
});

describe('a destroyed secret', () => {
  async function destroyed(): Promise<SealedCredential> {
    const sealed = await seal(randomUUID(), 1);
    await fixture.sql('select vault.destroy_secrets($1)', [[sealed.ref.secretId]]);
    return sealed;
  }

  it('contains nothing from which its password could be computed', async () => {
    const { ref, binding } = await destroyed();
    const [row] = await fixture.sql('select * from vault.secrets where secret_id = $1', [ref.secretId]);
    const { sealed_at, destroyed_at, ...left } = row ?? {};
    expect([sealed_at, destroyed_at]).toEqual([expect.any(Date), expect.any(Date)]);
    expect(left).toEqual({
      secret_id: ref.secretId,
      project_id: binding.projectId,
      registry_id: binding.registryId,
      credential_version: 1,
      host: binding.host,
      state: 'destroyed',
      format: 1,
      kek_id: null,
      wrapped_key: null,
      message_id: null,
      commitment: null,
      ciphertext: null,
      digest: Buffer.from(ref.digest, 'hex'),
      settled_at: null,
    });
  });

  it.each([
    "state = 'pending'",
    "state = 'current'",
    "wrapped_key = '\\x00'",
    "kek_id = 1, wrapped_key = '\\x00', message_id = '\\x00', commitment = '\\x00', ciphertext = '\\x00'",
    "host = 'example.com'",
  ])('refuses: set %s', async (assignment) => {
    const { ref } = await destroyed();
    const change = fixture.sql(`update vault.secrets set ${assignment} where secret_id = $1`, [ref.secretId]);
    await expect(change).rejects.toMatchObject({ code: 'PU002' });
  });

  it('cannot have a key, and all other secrets must have one', async () => {
    const insert = (state: string, bytes: string, destroyedAt: string) =>
      fixture.sql(
        `insert into vault.secrets values (gen_random_uuid(), 'p', gen_random_uuid(), 1, 'h', '${state}', 1,
           ${bytes === 'null' ? 'null' : 1}, ${bytes}, ${bytes}, ${bytes}, ${bytes},
           sha256(''), now(), null, ${destroyedAt})`,
      );
    const refused = { code: '23514', constraint: 'destroyed_means_gone' };
    await expect(insert('destroyed', "'\\x00'", 'now()')).rejects.toMatchObject(refused);
    await expect(insert('current', 'null', 'null')).rejects.toMatchObject(refused);
    await expect(insert('pending', "'\\x00'", 'now()')).rejects.toMatchObject(refused);
  });
});

describe('any history of a registry', () => {
  /** Events of the log, each with an additional pending secret that never got its event. */
  type Step = 'rotate' | 'rotate against a loser' | 'discard' | 'delete';
  const steps = fc.array(fc.constantFrom<Step>('rotate', 'rotate', 'rotate against a loser', 'discard', 'delete'), {
    minLength: 1,
    maxLength: 8,
  });

  interface History {
    readonly sealed: SealedCredential[];
    readonly statements: { readonly text: string; readonly values: readonly unknown[] }[];
    current: SealedCredential | undefined;
    pending: SealedCredential | undefined;
  }

  async function historyOf(taken: readonly Step[], on: VaultFixture): Promise<History> {
    const registryId = randomUUID();
    const history: History = { sealed: [], statements: [], current: undefined, pending: undefined };
    let version = 0;
    const add = async (): Promise<SealedCredential> => {
      const added = await seal(registryId, version, on);
      history.sealed.push(added);
      return added;
    };
    for (const step of taken) {
      if (step === 'delete') {
        history.statements.push({ text: 'select vault.destroy_registries($1, $2)', values: [[registryId], [version]] });
        history.current = undefined;
        continue;
      }
      version += 1;
      const own = await add();
      if (step === 'discard') {
        history.statements.push({ text: 'select vault.destroy_secrets($1)', values: [[own.ref.secretId]] });
        continue;
      }
      if (step === 'rotate against a loser') await add();
      history.statements.push({ text: 'select vault.settle($1)', values: [[own.ref.secretId]] });
      history.current = own;
    }
    version += 1;
    history.pending = await add();
    return history;
  }

  /** Applies all statements twice, as after a lost checkpoint. True if the rows match the log. */
  async function survivesReplay(taken: readonly Step[], on: VaultFixture): Promise<boolean> {
    const { sealed, statements, current, pending } = await historyOf(taken, on);
    for (let delivery = 0; delivery < 2; delivery += 1) {
      for (const { text, values } of statements) await on.sql(text, values);
      const states = await Promise.all(sealed.map(({ ref }) => on.store.find(ref.secretId)));
      const alive = sealed.filter((_, index) => states[index] !== undefined);
      const expected = [current, pending].filter((one) => one !== undefined);
      // Settling the winner also destroys the losers of its version.
      if (alive.length !== expected.length || !expected.every((one) => alive.includes(one))) return false;
    }
    return true;
  }

  it('leaves the current and the pending secret, even if it is applied twice', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (taken) => survivesReplay(taken, fixture)),
      { numRuns: 40 },
    );
  });

  it.each([
    {
      fault: 'settling looked at no version',
      name: 'settle',
      find: 's.credential_version < settled.credential_version',
      replace: 's.secret_id <> settled.secret_id',
    },
    {
      fault: 'settling left those that lost',
      name: 'settle',
      find: "s.state = 'pending' and s.secret_id <> all(secret_ids)",
      replace: 'false',
    },
    {
      fault: 'deleting looked at no version',
      name: 'destroy_registries',
      find: 's.credential_version <= deleted.up_to_version',
      replace: 'true',
    },
    {
      fault: 'discarding did nothing',
      name: 'destroy_secrets',
      find: 'secret_id = any(secret_ids)',
      replace: 'false',
    },
  ])('is caught going wrong if $fault', async ({ name, find, replace }) => {
    const own = await createVaultFixture();
    try {
      const [row] = await own.sql<{ definition: string }>('select pg_get_functiondef($1::regproc) as definition', [
        `vault.${name}`,
      ]);
      expect(row?.definition.split(find)).toHaveLength(2);
      await own.sql(row?.definition.replace(find, replace) ?? '');
      const property = fc.asyncProperty(steps, (taken) => survivesReplay(taken, own));
      expect((await fc.check(property, { numRuns: 40, endOnFailure: true })).failed).toBe(true);
    } finally {
      await own.close();
    }
  });
});

describe('what a command and the projector both settle', () => {
  const settleAll = 'select vault.settle_all($1, $2, $3, $4)';

  it('is destroyed durably before it resolves, and changes nothing the second time', async () => {
    const registryId = randomUUID();
    const [older, newer, next] = await Promise.all([1, 2, 3].map((version) => seal(registryId, version)));
    if (!older || !newer || !next) throw new Error('three secrets were pending');
    await settle(older);
    const effect = { kind: 'settle', registryId, secretId: newer.ref.secretId, version: 2 } as const;
    for (let time = 0; time < 2; time += 1) {
      await fixture.vault.settle(effect);
      expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'current', 'pending']);
    }
    await fixture.vault.settle({ kind: 'destroy', registryId, version: 2 });
    expect(await statesOf([older, newer, next])).toEqual(['destroyed', 'destroyed', 'pending']);
  });

  it('locks no row that is as it should be', async () => {
    const registryId = randomUUID();
    const [older, newer] = await Promise.all([seal(registryId, 1), seal(registryId, 2)]);
    const effect = { kind: 'settle', registryId, secretId: newer.ref.secretId, version: 2 } as const;
    await fixture.vault.settle(effect);
    await withClient(fixture.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from vault.secrets where registry_id = $1 for update', [registryId]);
      await fixture.vault.settle(effect);
      await client.query('rollback');
    });
    expect(await statesOf([older, newer])).toEqual(['destroyed', 'current']);
  });

  it('never deadlocks, in whatever order the registries come', async () => {
    for (let round = 0; round < 10; round += 1) {
      const registries = Array.from({ length: 20 }, () => randomUUID());
      const sealed = await Promise.all(
        registries.map(async (id) => ({ id, older: await seal(id, 1), newer: await seal(id, 2) })),
      );
      const inOrder = (all: typeof sealed) =>
        fixture.sql(settleAll, [
          all.map(({ newer }) => newer.ref.secretId),
          all.map(({ id }) => id),
          all.map(() => 1),
          [],
        ]);
      const alone = sealed.map(({ id, newer }) =>
        fixture.vault.settle({ kind: 'settle', registryId: id, secretId: newer.ref.secretId, version: 2 }),
      );
      await Promise.all([inOrder(sealed), inOrder(sealed.toReversed()), ...alone]);
      expect(new Set(await statesOf(sealed.map(({ older }) => older)))).toEqual(new Set(['destroyed']));
      expect(new Set(await statesOf(sealed.map(({ newer }) => newer)))).toEqual(new Set(['current']));
    }
  });
});
