import type { EventLog } from '../../../src/application/ports/event-log.ts';
import type { MintedPasswordVault } from '../../../src/application/ports/minted-password-vault.ts';
import type { PasswordMinter } from '../../../src/application/ports/password-minter.ts';
import type { Vault } from '../../../src/application/ports/vault.ts';
import { Secret } from '../../../src/domain/secret.ts';

/** Before or after a call of a port, such as `before vault.seal` or `after log.append registry`. */
export type FailPoint = `${'before' | 'after'} ${string}`;

/** What the test tells the process: where to die, where to freeze once, or that it shall tell what it passes. */
export type Order = { readonly dieAt: FailPoint } | { readonly freezeAt: FailPoint } | { readonly record: boolean };

/** What the process tells the test. */
export type Report = { readonly url: string } | { readonly passed: FailPoint } | { readonly frozenAt: FailPoint };

let dieAt: FailPoint | undefined;
let freezeAt: FailPoint | undefined;
let recording = false;
process.on('message', (order: Order) => {
  if ('dieAt' in order) dieAt = order.dieAt;
  else if ('freezeAt' in order) freezeAt = order.freezeAt;
  else recording = order.record;
});

async function pass(point: FailPoint): Promise<void> {
  // Nothing is cleaned up, and what was sent to a store may still arrive there.
  if (point === dieAt) process.kill(process.pid, 'SIGKILL');
  if (point === freezeAt) {
    freezeAt = undefined;
    await new Promise((told) => process.send?.({ frozenAt: point } satisfies Report, told));
    process.kill(process.pid, 'SIGSTOP');
  }
  if (recording) process.send?.({ passed: point } satisfies Report);
}

async function within<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
  await pass(`before ${name}`);
  const result = await call();
  await pass(`after ${name}`);
  return result;
}

export function logAtFailPoints(log: EventLog): EventLog {
  return {
    ...log,
    append: (stream, ...rest) => within(`log.append ${stream.split('-')[0]}`, () => log.append(stream, ...rest)),
  };
}

export function vaultAtFailPoints<Sealing extends Vault>(vault: Sealing): Sealing {
  return {
    ...vault,
    seal: (...args) => within('vault.seal', () => vault.seal(...args)),
    open: (...args) => within('vault.open', () => vault.open(...args)),
    settle: (...args) => within('vault.settle', () => vault.settle(...args)),
    discard: (...args) => within('vault.discard', () => vault.discard(...args)),
  };
}

export function mintedAtFailPoints(vault: MintedPasswordVault & { close(): Promise<void> }) {
  return {
    ...vault,
    keep: (...args: Parameters<MintedPasswordVault['keep']>) => within('minted.keep', () => vault.keep(...args)),
  };
}

/** In place of the clouds. */
export function createMinterAtFailPoints(): PasswordMinter {
  return {
    mint: () =>
      within('minter.mint', async () => ({
        username: 'AWS',
        password: new Secret(process.env.MINTED_PASSWORD ?? ''),
        issuedAt: new Date().toISOString(),
        expiresAt: new Date(Date.now() + 12 * 3_600_000).toISOString(),
      })),
  };
}
