import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSignInCodes } from '../../../src/adapters/auth/sign-in-codes.ts';
import { Secret } from '../../../src/domain/secret.ts';

let dataDir: string;
let now: number;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'purser-codes-'));
  now = Date.now();
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const codes = () => createSignInCodes(dataDir, () => now);
const files = () => readdirSync(join(dataDir, 'console-sign-in'));

it('takes a code once, whichever process asks', async () => {
  const code = await codes().create();
  expect(code.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const takes = await Promise.all(Array.from({ length: 20 }, () => codes().take(code)));
  expect(takes.filter(Boolean)).toHaveLength(1);
  expect(await codes().take(code)).toBe(false);
  expect(files()).toEqual([]);
});

it('keeps several codes apart', async () => {
  const [first, second] = [await codes().create(), await codes().create()];
  expect(await codes().take(second)).toBe(true);
  expect(await codes().take(first)).toBe(true);
});

it('takes no code that is older than a minute, and removes it', async () => {
  const code = await codes().create();
  now += 59_999;
  const late = await codes().create();
  now += 1;
  expect(await codes().take(code)).toBe(false);
  expect(files()).toHaveLength(1);
  expect(await codes().take(late)).toBe(true);
});

it('takes no code for longer because the clock was set back', async () => {
  const code = await codes().create();
  now -= 1;
  expect(await codes().take(code)).toBe(false);
});

it('keeps no code, but its hash', async () => {
  const code = (await codes().create()).reveal();
  expect(files()).toHaveLength(1);
  expect(files().join()).not.toContain(code);
});

it.each(['', 'x', '../x', 'A'.repeat(43), `${'A'.repeat(43)}\n`, 'A'.repeat(44)])(
  'does not know the code %j',
  async (code) => {
    await codes().create();
    expect(await codes().take(new Secret(code))).toBe(false);
    expect(files()).toHaveLength(1);
  },
);

it('knows no code where none was ever made, and leaves other files alone', async () => {
  expect(await codes().take(new Secret('A'.repeat(43)))).toBe(false);
  await codes().create();
  writeFileSync(join(dataDir, 'console-sign-in', 'note'), 'x');
  now += 60_000;
  expect(await codes().take(new Secret('A'.repeat(43)))).toBe(false);
  expect(files()).toEqual(['note']);
});
