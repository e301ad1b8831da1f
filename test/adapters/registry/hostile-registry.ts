import { canary } from '../../support/canary.ts';
import { type Handler, registryError, type StubAnswer } from '../../support/stub-registries/stub-host.ts';
import type { Asked } from './probe-fixture.ts';

export const HOST = 'registry.example.com';
export const ELSEWHERE = 'elsewhere.example.com';
/** Part of everything that the other side sends. It must not appear in a report. */
export const MARK = 'sent-by-the-other-side';
export const ask = (changes: Partial<Asked> = {}): Asked => ({
  url: HOST,
  provider: 'GENERIC',
  username: 'robot',
  password: canary('hostile'),
  repository: 'team/app',
  ...changes,
});
export const challenge = (realm: string): StubAnswer => ({
  ...registryError(401, MARK, MARK),
  headers: { 'www-authenticate': `Bearer realm="${realm}",service="${MARK}"`, 'x-mark': MARK },
});
/** A registry with a token server on its own host that gives this answer. */
export const withTokens =
  (answer: ReturnType<Handler>): Handler =>
  (request) =>
    request.path === '/token' ? answer : challenge(`https://${HOST}/token`);
