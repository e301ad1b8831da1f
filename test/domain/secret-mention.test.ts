import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { mentionsPassword } from '../../src/domain/secret-mention.ts';

const login = (password: string) => ({ username: 'robot', password: new Secret(password) });

const everyByte = (text: string, signs: RegExp): string =>
  text.replace(signs, (sign) =>
    [...Buffer.from(sign)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );

/** As clients, proxies and logs write it. */
const WRITTEN: Readonly<Record<string, (password: string) => string>> = {
  'as it is': (password) => password,
  'in a URL': (password) => `https://robot:${encodeURIComponent(password)}@registry.example/v2/`,
  'in JSON': (password) => JSON.stringify({ password }),
  'in a Basic header': (password) => `Authorization: Basic ${Buffer.from(`robot:${password}`).toString('base64')}`,
  'in base64': (password) => Buffer.from(password).toString('base64'),
  'in base64url': (password) => Buffer.from(`robot:${password}`).toString('base64url'),
  'in hex': (password) => Buffer.from(password).toString('hex').toUpperCase(),
  "in Go's JSON": (password) =>
    JSON.stringify({ password }).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  "in Go's URL of a user": (password) =>
    `https://robot:${everyByte(password, /[^A-Za-z0-9$&+,;=_.~-]/g)}@registry.example/v2/`,
  'in a form': (password) => new URLSearchParams({ account: 'robot', password }).toString(),
  'with every byte escaped': (password) => everyByte(password, /./gs),
  'with every character escaped': (password) =>
    password.replace(/./gs, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
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

it('finds 12 characters of a longer secret, from anywhere in it and however they are written', () => {
  const secrets = fc
    .string({ minLength: 12, maxLength: 3000, unit: 'grapheme-ascii' })
    .filter((text) => !/[\s+]/.test(text));
  const writings = fc.constantFrom<(text: string) => string>(
    (text) => text,
    encodeURIComponent,
    (text) => everyByte(text, /./gs),
    (text) => JSON.stringify(text).slice(1, -1),
    (text) => text.replace(/[<>&"]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    (text) => text.split('').join('\n'),
  );
  fc.assert(
    fc.property(secrets, fc.nat(), writings, fc.string(), (secret, from, write, around) => {
      const start = from % (secret.length - 11);
      const part = write(secret.slice(start, start + 12));
      expect(mentionsPassword(`${around} ${part} ${around}`, login(secret))).toBe(true);
    }),
  );
});

it('finds the last 500 characters of a key that is longer', () => {
  const key = JSON.stringify({ type: 'service_account', private_key: 'MIIEvQ'.repeat(300), client_id: '1234567890' });
  for (const text of [
    key,
    encodeURIComponent(key),
    Buffer.from(key).toString('base64'),
    Buffer.from(key).toString('hex'),
  ]) {
    expect(mentionsPassword(text.slice(-500), login(key))).toBe(true);
  }
});

it('finds a password of nothing but plus signs', () => {
  expect(mentionsPassword('with ++++++', login('++++++'))).toBe(true);
});

it('lets the words of a client pass', () => {
  const text = 'Error response from daemon: Get "https://registry.example/v2/": unauthorized: authentication required';
  expect(mentionsPassword(text, login('dckr_pat_example'))).toBe(false);
  expect(mentionsPassword(text, login(`the ${'authentication'.slice(0, 11)}? was wrong`))).toBe(false);
});
