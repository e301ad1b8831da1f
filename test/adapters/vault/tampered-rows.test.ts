import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { createVaultFixture, opens, type SealedCredential, sealSome, type VaultFixture } from './vault-fixture.ts';

const SEALED_COLUMNS = ['format', 'kek_id', 'wrapped_key', 'message_id', 'commitment', 'ciphertext', 'digest'];
const BOUND_COLUMNS = ['project_id', 'registry_id', 'credential_version', 'host'];

let fixture: VaultFixture;
beforeAll(async () => {
  fixture = await createVaultFixture();
});
afterAll(() => fixture.close());

/** The outcome of an attempt to open. Anything but a refusal or the credential itself fails the test. */
async function outcomeOf(sealed: SealedCredential): Promise<'refused' | 'opened' | 'gone'> {
  try {
    const opened = await fixture.vault.open(sealed.binding, sealed.ref);
    return opened === undefined ? 'gone' : 'opened';
  } catch (error) {
    if (error instanceof SecretIntegrityError) return 'refused';
    throw error;
  }
}

/** Copies columns of one row into another, like an attacker who can write to the table. */
async function copyColumns(columns: readonly string[], from: SealedCredential, to: SealedCredential): Promise<void> {
  const assignments = columns.map((column) => `${column} = source.${column}`).join(', ');
  await fixture.sql(
    `update vault.secrets s set ${assignments} from vault.secrets source
     where source.secret_id = $1 and s.secret_id = $2`,
    [from.ref.secretId, to.ref.secretId],
  );
}

async function twoVersions(): Promise<[older: SealedCredential, newer: SealedCredential]> {
  const older = await sealSome(fixture, 'older', { credentialVersion: 1 });
  return [older, await sealSome(fixture, 'newer', { ...older.binding, credentialVersion: 2 })];
}

describe('a row of the vault that was changed in the database is refused', () => {
  it.each([
    ['host', "'registry.evil.example'"],
    ['host', "host || ' '"],
    ['project_id', "'another-project'"],
    ['registry_id', 'gen_random_uuid()'],
    ['credential_version', 'credential_version + 1'],
    ['format', '2'],
    ['format', '-1'],
    ['kek_id', '2'],
    ['wrapped_key', 'set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)'],
    ['wrapped_key', "''"],
    ['message_id', 'set_byte(message_id, 0, get_byte(message_id, 0) # 128)'],
    ['message_id', "''"],
    ['commitment', 'set_byte(commitment, 31, get_byte(commitment, 31) # 1)'],
    ['ciphertext', 'set_byte(ciphertext, 100, get_byte(ciphertext, 100) # 1)'],
    ['ciphertext', 'substring(ciphertext for 260)'],
    ['ciphertext', "''"],
    ['digest', 'set_byte(digest, 5, get_byte(digest, 5) # 4)'],
  ])('%s = %s', async (column, value) => {
    const sealed = await sealSome(fixture, 'changed');
    await fixture.sql(`update vault.secrets set ${column} = ${value} where secret_id = $1`, [sealed.ref.secretId]);
    expect(await outcomeOf(sealed)).toBe('refused');
  });

  it('with the sealed fields of its older version', async () => {
    const [older, newer] = await twoVersions();
    await copyColumns(SEALED_COLUMNS, older, newer);
    expect(await outcomeOf(newer)).toBe('refused');
  });

  it('with everything of its older version but the id', async () => {
    const [older, newer] = await twoVersions();
    await copyColumns([...SEALED_COLUMNS, ...BOUND_COLUMNS], older, newer);
    expect(await outcomeOf(newer)).toBe('refused');
  });

  it('with the id given to the row of its older version', async () => {
    const [older, newer] = await twoVersions();
    await fixture.sql('delete from vault.secrets where secret_id = $1', [newer.ref.secretId]);
    await fixture.sql('update vault.secrets set secret_id = $1, credential_version = 2 where secret_id = $2', [
      newer.ref.secretId,
      older.ref.secretId,
    ]);
    expect(await outcomeOf(newer)).toBe('refused');
  });

  it('with any choice of columns of another row', async () => {
    const columns = [...SEALED_COLUMNS, ...BOUND_COLUMNS];
    const refuses = async (): Promise<void> => {
      const one = await sealSome(fixture, 'one', { credentialVersion: 1 });
      const other = await sealSome(fixture, 'other', { credentialVersion: 2 });
      // Format and key id are the same in all rows: they alone would change nothing.
      const telling = columns.filter((column) => column !== 'format' && column !== 'kek_id');
      const first = telling[randomInt(telling.length)] ?? 'host';
      const chosen = columns.filter((column) => column === first || randomInt(2) === 1);
      await copyColumns(chosen, other, one);
      expect(await outcomeOf(one), chosen.join()).toBe('refused');
    };
    for (let round = 0; round < 200; round += 20) await Promise.all(Array.from({ length: 20 }, refuses));
  });

  it('but an unchanged row is not', async () => {
    const sealed = await sealSome(fixture, 'untouched');
    await fixture.sql('update vault.secrets set settled_at = now() where secret_id = $1', [sealed.ref.secretId]);
    expect(await outcomeOf(sealed)).toBe('opened');
    expect(await opens(fixture.vault, sealed)).toBe(true);
  });
});
