import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { mentionsPassword } from '../../src/domain/secret-mention.ts';

const login = (password: string) => ({ username: 'robot', password: new Secret(password) });

/** As clients, proxies and logs write it. */
const WRITTEN: Readonly<Record<string, (password: string) => string>> = {
  'as it is': (password) => password,
  'in a URL': (password) => `https://robot:${encodeURIComponent(password)}@registry.example/v2/`,
  'in JSON': (password) => JSON.stringify({ password }),
  'in a Basic header': (password) => `Authorization: Basic ${Buffer.from(`robot:${password}`).toString('base64')}`,
  'in base64': (password) => Buffer.from(password).toString('base64'),
  'in base64url': (password) => Buffer.from(`robot:${password}`).toString('base64url'),
  'in hex': (password) => Buffer.from(password).toString('hex').toUpperCase(),
  'over two lines': (password) => `${password.slice(0, 3)}\n  ${password.slice(3)}`,
};

it.each(Object.entries(WRITTEN))('finds a password %s, whatever stands around it', (_how, write) => {
  const passwords = fc
    .string({ minLength: 6, maxLength: 60, unit: 'grapheme-ascii' })
    .filter((text) => /\S/.test(text));
  fc.assert(
    fc.property(passwords, fc.string(), fc.string(), (password, before, after) => {
      expect(mentionsPassword(`${before} ${write(password)} ${after}`, login(password))).toBe(true);
    }),
  );
});

it('lets the words of a client pass', () => {
  const text = 'Error response from daemon: Get "https://registry.example/v2/": unauthorized: authentication required';
  expect(mentionsPassword(text, login('dckr_pat_example'))).toBe(false);
});
