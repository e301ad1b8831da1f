import { setImmediate as turn } from 'node:timers/promises';
import {
  createMintedPasswords,
  type MintedPasswordRequest,
  type MintedPasswords,
} from '../../src/application/credential/minted-passwords.ts';
import type { MintedPasswordKey } from '../../src/application/ports/minted-password-vault.ts';
import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../src/application/ports/password-minter.ts';
import { SecretIntegrityError } from '../../src/application/ports/vault.ts';
import type { MintConfig } from '../../src/domain/credential.ts';
import { PurserError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';

export const START = Date.parse('2026-03-01T12:00:00.000Z');
export const LIFE_MS = 12 * 3_600_000;
export const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const SOURCE_ID = '6e0c1c50-4bd2-4b43-b7d1-2e6c1a3a2c11';

/** A cloud, a vault and a clock that the test controls. */
export interface World {
  readonly passwords: MintedPasswords;
  readonly minted: MintRequest[];
  readonly faults: unknown[];
  readonly kept: Map<string, MintedPassword>;
  now: number;
  opened: number;
  lifeMs: number;
  cloud: 'well' | 'held' | MintingFault;
  release: () => void;
  vault: 'well' | 'altered' | 'unavailable for keeping' | 'without its source';
}

export function createWorld(create: typeof createMintedPasswords = createMintedPasswords): World {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const nameOf = ({ sourceSecretId, purpose }: MintedPasswordKey): string => `${sourceSecretId} ${purpose}`;
  const world: World = {
    minted: [],
    faults: [],
    kept: new Map(),
    now: START,
    opened: 0,
    lifeMs: LIFE_MS,
    cloud: 'well',
    release,
    vault: 'well',
    passwords: create({
      now: () => world.now,
      onFault: (error) => world.faults.push(error),
      minter: {
        async mint(request) {
          world.minted.push(request);
          if (world.cloud === 'held') await held;
          else if (world.cloud !== 'well') throw new MintingFailed(world.cloud);
          const [issuedAt, expiresAt] = [world.now, world.now + world.lifeMs].map((at) => new Date(at).toISOString());
          return {
            username: 'AWS',
            password: new Secret(`password ${world.minted.length}`),
            issuedAt: issuedAt ?? '',
            expiresAt: expiresAt ?? '',
          };
        },
      },
      vault: {
        async find(key) {
          await turn();
          if (world.vault === 'altered') throw new SecretIntegrityError('altered');
          return world.kept.get(nameOf(key));
        },
        async keep(key, password) {
          await turn();
          if (world.vault === 'without its source') return false;
          if (world.vault === 'unavailable for keeping') throw new PurserError('UNAVAILABLE', 'no answer');
          world.kept.set(nameOf(key), password);
          return true;
        },
      },
    }),
  };
  return world;
}

export function request(world: World, changes: Partial<MintedPasswordRequest> = {}): MintedPasswordRequest {
  return {
    mint: mint('AMAZON_ECR'),
    binding: { projectId: 'p', registryId: 'c5a7b0bc-5b6c-4b4e-8f0e-6a3a0c1d2e3f', credentialVersion: 1, host: HOST },
    source: { secretId: SOURCE_ID },
    purpose: 'PULL',
    neededMs: 0,
    openSource: async () => {
      world.opened += 1;
      return { username: 'AKIA', password: new Secret(canary('source')) };
    },
    ...changes,
  };
}

export function mint(kind: MintConfig['kind']): MintConfig {
  return { kind, roleArn: null, externalId: null, tenantId: null, installationId: null, apiUrl: null };
}

export async function ask(world: World, changes: Partial<MintedPasswordRequest> = {}): Promise<string> {
  const given = await world.passwords.passwordFor(request(world, changes));
  if (given === undefined) throw new Error('a password was expected');
  return given.password.reveal();
}

export async function refusal(world: World): Promise<PurserError> {
  const error: unknown = await ask(world).catch((reason: unknown) => reason);
  if (!(error instanceof PurserError)) throw new Error('a refusal was expected', { cause: error });
  return error;
}
