import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AuthenticationFailed } from '../../src/application/ports/authenticator.ts';
import { createRefusedTokens } from '../../src/http/refused-tokens.ts';
import { post, startHttpService } from '../support/http-service.ts';
import { connect } from '../support/socket-client.ts';
import { createTestIssuer } from '../support/tokens.ts';

const VIEWER = { query: '{ viewer { subject } }' };
const CHALLENGE = 'Bearer error="invalid_token", error_description="The token is invalid or has expired"';

describe('a refused token', () => {
  it('is challenged with the same text whatever is wrong with it, and one that is missing without an error', async () => {
    await using service = await startHttpService();
    const challenge = async (headers: Record<string, string>) =>
      (await post(service.url, VIEWER, undefined, headers)).headers.get('www-authenticate');
    expect(await challenge({})).toBe('Bearer');
    expect(await challenge({ authorization: 'Basic YTpi' })).toBe('Bearer');
    for (const token of [
      'abc',
      service.issuer.token({ ttlSeconds: -10 }),
      service.issuer.token({ claims: { aud: 'other' } }),
      createTestIssuer().token(),
    ]) {
      expect(await challenge({ authorization: `Bearer ${token}` })).toBe(CHALLENGE);
    }
  });

  it('shows the operator its reason, as a label and in the log, and never the token', async () => {
    await using service = await startHttpService();
    const { issuer } = service.issuer.issuerConfig;
    const foreign = createTestIssuer('https://SECRET-issuer.example').token();
    const expired = service.issuer.token({ ttlSeconds: -10 });
    const tokens = [expired, expired, service.issuer.token({ claims: { aud: 'other' } }), foreign, 'abc'];
    for (const token of tokens) await post(service.url, VIEWER, token);
    await post(service.url, VIEWER);
    const { text } = await service.metrics.exposition();
    for (const [reason, count] of [
      ['expired', 2],
      ['wrong_audience', 1],
      ['unknown_issuer', 1],
      ['malformed', 1],
      ['missing', 1],
    ]) {
      expect(text).toContain(`purser_tokens_refused_total{reason="${reason}"} ${count}\n`);
    }
    const lines = service
      .log()
      .split('\n')
      .filter((line) => line.includes('a token was refused'))
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { reason: 'expired', issuer, source: '127.0.0.1', unlogged: 0 },
      { reason: 'wrong_audience', issuer, source: '127.0.0.1' },
      { reason: 'unknown_issuer', source: '127.0.0.1' },
      { reason: 'malformed', source: '127.0.0.1' },
    ]);
    expect(service.log()).not.toContain('SECRET-issuer');
    for (const token of tokens.slice(0, 4)) {
      for (const part of token.split('.')) expect(service.log()).not.toContain(part);
      expect(service.log()).not.toContain(createHash('sha256').update(token).digest('hex'));
    }
  });

  it('shows it over WebSocket as well', async () => {
    await using service = await startHttpService();
    const client = await connect(service.socketUrl, { token: service.issuer.token({ ttlSeconds: -10 }) });
    expect(await client.closed).toMatchObject({ code: 4403 });
    expect((await service.metrics.exposition()).text).toContain('purser_tokens_refused_total{reason="expired"} 1');
    expect(service.log()).toContain('"reason":"expired"');
  });
});

describe('the log of refused tokens', () => {
  it('has a line a minute for each reason and issuer, which says how many it leaves out', () => {
    const time = { ms: 0 };
    const lines: unknown[] = [];
    const none = () => undefined;
    const refuse = createRefusedTokens({
      metrics: { operationRefused: none, tokenRefused: none },
      logger: { warn: (line: unknown) => lines.push(line) },
      countUnauthenticated: none,
      now: () => time.ms,
    });
    for (let n = 0; n < 1_000; n += 1) refuse(new AuthenticationFailed('expired', 'a'), '192.0.2.1');
    refuse(new AuthenticationFailed('expired', 'b'), '192.0.2.1');
    for (let n = 0; n < 1_000; n += 1) refuse(new AuthenticationFailed('missing'), '192.0.2.1');
    expect(lines).toHaveLength(2);
    time.ms = 60_000;
    refuse(new AuthenticationFailed('expired', 'a'), null);
    expect(lines.slice(2)).toEqual([{ reason: 'expired', issuer: 'a', source: null, unlogged: 999 }]);
  });
});
