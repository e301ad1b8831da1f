import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createMintedPasswordStore } from '../../src/adapters/postgres/vault/minted-password-store.ts';
import { createKeyRing, type KeyRing } from '../../src/adapters/vault/key-ring.ts';
import { createMintedPasswordVault } from '../../src/adapters/vault/minted-password-vault.ts';
import { rewrapAll } from '../../src/adapters/vault/rewrap.ts';
import { secretRows } from '../../src/adapters/vault/vault.ts';
import type { MintedPasswordVault } from '../../src/application/ports/minted-password-vault.ts';
import { Secret } from '../../src/domain/secret.ts';
import { copyOf, keyFileWith } from '../adapters/vault/sealed-records.ts';
import {
  createVaultFixture,
  opens,
  type SealedCredential,
  sealMany,
  type VaultFixture,
} from '../adapters/vault/vault-fixture.ts';
import { canary } from '../support/canary.ts';
import { startTransitRings, type TransitRings } from '../support/key-services/transit-rings.ts';
import { rounds } from '../support/rounds.ts';
import { createTestIssuer } from '../support/tokens.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/purser.js', import.meta.url));
const SECRETS = rounds({ usual: 1_500, torture: 10_000 });
const KILLS = rounds({ usual: 3, torture: 10 });
/** Of these secrets, a minted password is kept too. */
const MINTED = 100;
const HOUR_MS = 3_600_000;

const bothKeys = keyFileWith(1, 2);
/** Before the rings below zero their copies. */
const [OLD_LINE, NEW_LINE] = bothKeys.keys.map(({ id, bytes }) => `${id} ${bytes.toString('base64')}`);
const ringWith = (...ids: number[]): KeyRing => {
  const keys = copyOf(bothKeys).keys.filter(({ id }) => ids.includes(id));
  return createKeyRing({ keys, primaryKeyId: Math.max(...ids) });
};

const issuer = createTestIssuer();
/** Where the new key is. */
const KINDS = ['a key in the file', 'a key of a transit engine (protocol double)'] as const;
type Kind = (typeof KINDS)[number];
let transit: TransitRings;
/** With some of the keys; the new one wraps. */
const ringTo = (kind: Kind, ...ids: number[]): KeyRing =>
  kind === 'a key in the file' ? ringWith(...ids) : transit.ringWith(...ids);

let folder: string;
let fixture: VaultFixture;
let secrets: SealedCredential[];
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-killed-'));
  const [local] = copyOf(bothKeys).keys;
  if (local === undefined) throw new Error('there is no old key');
  transit = await startTransitRings(local);
});
afterAll(async () => {
  await transit?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  fixture = await createVaultFixture(ringWith(1));
  secrets = [];
  while (secrets.length < SECRETS) {
    secrets.push(...(await sealMany(fixture, Math.min(500, SECRETS - secrets.length), 'killed')));
  }
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await fixture.close();
});

/** The key file, which others cannot read, and what else the command needs. */
async function environmentFor(kind: Kind): Promise<Readonly<Record<string, string>>> {
  const isLocal = kind === 'a key in the file';
  const file = join(folder, isLocal ? 'local-keys' : 'external-keys');
  await writeFile(file, `${OLD_LINE}\n${isLocal ? NEW_LINE : transit.keyLine}\n`, { mode: 0o600 });
  return { MASTER_KEY_FILE: file, ...(isLocal ? {} : transit.environment) };
}

/** `purser keys rewrap` as a process. */
function rewrapping(environment: Readonly<Record<string, string>>): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; said: string }>;
} {
  const child = spawn(process.execPath, [PROGRAM, 'keys', 'rewrap', '--json'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: fixture.connectionString,
      PURSER_DATA_DIR: folder,
      JWT_ISSUERS: issuer.jwtIssuers,
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, said })) };
}

async function rowsUnder(keyId: number): Promise<number> {
  const text = 'select count(*)::int as rows from vault.secrets where kek_id = $1';
  return (await fixture.sql<{ rows: number }>(text, [keyId]))[0]?.rows ?? -1;
}

/** Keeps minted passwords beside some of the secrets. @returns how many another vault finds again, by its keys */
async function mintSome(): Promise<(keyRing: KeyRing) => Promise<number>> {
  const vaultWith = (keyRing: KeyRing): MintedPasswordVault =>
    createMintedPasswordVault({
      keyRing,
      store: createMintedPasswordStore({ connectionString: fixture.connectionString, logger: SILENT }),
    });
  const times = {
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
  };
  const minted = secrets.slice(0, MINTED).map(({ binding, ref }) => ({
    key: { binding, sourceSecretId: ref.secretId, purpose: 'PUSH' as const },
    password: new Secret(canary('minted')),
  }));
  const ids = minted.map(({ key }) => key.sourceSecretId);
  await fixture.sql('select vault.advance($1, $2)', [ids, ids.map(() => 'current')]);
  const vault = vaultWith(ringWith(1));
  for (const { key, password } of minted)
    expect(await vault.keep(key, { username: 'AWS', password, ...times })).toBe(true);
  await vault.close();
  return async (keyRing) => {
    const other = vaultWith(keyRing);
    let found = 0;
    for (const { key, password } of minted) {
      if ((await other.find(key))?.password.reveal() === password.reveal()) found += 1;
    }
    await other.close();
    return found;
  };
}

async function countOpened(keyRing: KeyRing): Promise<number> {
  const vault = fixture.vaultWith(keyRing);
  let opened = 0;
  for (let start = 0; start < secrets.length; start += 100) {
    const page = secrets.slice(start, start + 100);
    const outcomes = await Promise.all(page.map((one) => opens(vault, one).catch(() => false)));
    opened += outcomes.filter(Boolean).length;
  }
  return opened;
}

/** Callers that open secrets all the time, as replicas do. Gives what failed. */
function load(keyRing: KeyRing): { stop(): Promise<{ failures: unknown[]; opened: number }> } {
  const vault = fixture.vaultWith(keyRing);
  const failures: unknown[] = [];
  let opened = 0;
  let isDone = false;
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let turn = caller; !isDone; turn += 7) {
      const one = secrets[turn % secrets.length];
      const isSame = one && (await opens(vault, one).catch((error: unknown) => failures.push(error)));
      if (isSame !== true) failures.push('not the same password');
      opened += 1;
      await delay(1);
    }
  });
  return {
    async stop() {
      isDone = true;
      await Promise.all(callers);
      return { failures, opened };
    },
  };
}

describe('a rewrap', () => {
  it.each(KINDS)(
    `to %s that is killed ${KILLS} times under load goes on each time, and loses no secret`,
    async (kind) => {
      const environment = await environmentFor(kind);
      const countMinted = await mintSome();
      const callers = load(ringTo(kind, 1, 2));
      let left = SECRETS;
      for (let kill = 0; kill < KILLS; kill += 1) {
        // Somewhere in the rest, so that something is left for the next one.
        const target = Math.floor(left * (1 - 1 / (KILLS - kill + 1)));
        const { child, ended } = rewrapping(environment);
        while (child.exitCode === null && (await rowsUnder(1)) > target) await delay(2);
        child.kill('SIGKILL');
        await ended;
        const now = await rowsUnder(1);
        expect(now).toBeLessThan(left);
        expect((await rowsUnder(2)) + now).toBe(SECRETS);
        left = now;
      }
      expect(await countOpened(ringTo(kind, 1, 2))).toBe(SECRETS);
      expect(await countMinted(ringTo(kind, 1, 2))).toBe(MINTED);
      const { code, said } = await rewrapping(environment).ended;
      const rewrapped = { secrets: left, mintedPasswords: MINTED };
      expect([code, JSON.parse(said)]).toMatchObject([0, { left: [], rewrapped }]);
      const { failures, opened } = await callers.stop();
      expect(failures).toEqual([]);
      expect(opened).toBeGreaterThan(100);
      expect(await rowsUnder(1)).toBe(0);
      expect(await countOpened(ringTo(kind, 2))).toBe(SECRETS);
      expect(await countMinted(ringTo(kind, 2))).toBe(MINTED);
    },
    300_000,
  );

  it('beside another one does each secret once', async () => {
    const environment = await environmentFor('a key in the file');
    const outcomes = await Promise.all([rewrapping(environment).ended, rewrapping(environment).ended]);
    const done = outcomes.map(({ said }) => JSON.parse(said).rewrapped.secrets);
    expect(done[0] + done[1]).toBe(SECRETS);
    expect((await rewrapping(environment).ended).code).toBe(0);
    expect(await rowsUnder(1)).toBe(0);
    expect(await countOpened(ringWith(2))).toBe(SECRETS);
  }, 300_000);

  it('(negative control) that writes a row in two steps loses secrets when it is killed between', async () => {
    let steps = 0;
    const torn: ReturnType<typeof secretRows> = {
      ...secretRows(fixture.store),
      async replace(rewrapped) {
        for (const { row, to } of rewrapped) {
          await fixture.sql('update vault.secrets set kek_id = $2 where secret_id = $1', [row.secretId, to.keyId]);
          steps += 1;
          if (steps === 5) throw new Error('killed');
          await fixture.sql('update vault.secrets set wrapped_key = $2 where secret_id = $1', [row.secretId, to.bytes]);
        }
        return rewrapped.length;
      },
    };
    await expect(rewrapAll(ringWith(1, 2), torn)).rejects.toThrow('killed');
    expect(await countOpened(ringWith(1, 2))).toBe(SECRETS - 1);
  });
});
