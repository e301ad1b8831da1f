import { describe, expect, it } from 'vitest';
import { checkRealmHost } from '../../src/domain/realm-host.ts';
import { refusal } from './refusals.ts';

describe('the host of a token server', () => {
  it.each([
    ['gitlab.example.com', 'gitlab.example.com'],
    [' GitLab.Example.com ', 'gitlab.example.com'],
    ['https://gitlab.example.com/', 'gitlab.example.com'],
    ['gitlab.example.com:443', 'gitlab.example.com'],
    ['gitlab.example.com:8443', 'gitlab.example.com:8443'],
    ['192.0.2.1:8443', '192.0.2.1:8443'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
  ])('%s is %s', (entered, canonical) => {
    expect(checkRealmHost(entered)).toBe(canonical);
    expect(checkRealmHost(canonical)).toBe(canonical);
  });

  it.each([
    'http://gitlab.example.com',
    'https://gitlab.example.com/jwt/auth',
    'https://ada:password@gitlab.example.com',
    'gitlab.example.com?x',
    'gitlab.example.com#x',
    '*.example.com',
    'under_score.example.com',
    '127.1',
    'gitlab.example.com:0',
    'gitlab example.com',
    'index.docker.io',
    'a'.repeat(600),
  ])('is not %s', (entered) => {
    expect(refusal(() => checkRealmHost(entered)).field).toBe('authRealmHost');
  });
});
