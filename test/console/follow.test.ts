import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delayAfter, type Followed, follow, type LiveState } from '../../console/src/api/follow.ts';
import type { TokenSource } from '../../console/src/api/token-source.ts';
import { createRenewal } from '../../console/src/session/renewal.ts';
import type { Tokens } from '../../console/src/session/tokens.ts';

interface Change {
  readonly change: { readonly cursor: string };
}
type Asked = { readonly after?: string; readonly authorization: string };

describe('following a subscription', () => {
  let server: Server;
  let endpoint: string;
  /** What each connection asked for; how the next ones are answered. */
  const asked: Asked[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const seen = { events: [] as string[], states: [] as LiveState[], gaps: 0, renewed: 0, accepted: [] as string[] };
  let end: AbortController;

  beforeEach(async () => {
    asked.length = 0;
    answers.length = 0;
    Object.assign(seen, { events: [], states: [], gaps: 0, renewed: 0, accepted: [] });
    end = new AbortController();
    server = createServer(async (request, response) => {
      const body = (await json(request)) as { variables: { after?: string } };
      asked.push({ ...body.variables, authorization: authorizationOf(request.headers) });
      const answer = answers.shift() ?? open;
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    end.abort();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const authorizationOf = ({ authorization = '' }: IncomingHttpHeaders) => authorization;
  const open = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  };
  const event = (cursor: string) => `event: next\ndata: ${JSON.stringify({ data: { change: { cursor } } })}\n\n`;
  const fault = (code: string) =>
    `event: next\ndata: ${JSON.stringify({ errors: [{ message: code, extensions: { code } }] })}\n\nevent: complete\ndata:\n\n`;
  const sends =
    (text: string, { isCut = false } = {}) =>
    (response: ServerResponse) => {
      open(response);
      response.write(text);
      if (isCut) setImmediate(() => response.destroy());
    };

  function start(given: Partial<Followed<Change>> = {}, givenTokens: Partial<TokenSource> = {}): Promise<void> {
    const tokens: TokenSource = {
      current: () => `t${seen.renewed}`,
      renew: async () => {
        seen.renewed += 1;
        return `t${seen.renewed}`;
      },
      accepted: (token) => seen.accepted.push(token),
      ...givenTokens,
    };
    const followed: Followed<Change> = {
      query: 'subscription Changes { change { cursor } }',
      variables: {},
      position: { cursor: 'c0' },
      cursorOf: ({ change }) => change.cursor,
      onEvent: ({ change }) => seen.events.push(change.cursor),
      onGap: () => {
        seen.gaps += 1;
      },
      onState: (state) => seen.states.push(state),
      ...given,
    };
    return follow({ tokens, endpoint, fetch, random: () => 0 }, followed, end.signal);
  }

  it('goes on after the last event when the connection is cut', async () => {
    answers.push(sends(event('c1') + event('c2'), { isCut: true }), sends(event('c3')));
    void start();
    await expect.poll(() => seen.events).toEqual(['c1', 'c2', 'c3']);
    expect(asked.map(({ after }) => after)).toEqual(['c0', 'c2']);
    expect(seen.states).toEqual(['live', 'reconnecting', 'live']);
    expect(seen.gaps).toBe(0);
  });

  it('renews its token when the service ends the stream because of it, or refuses it', async () => {
    answers.push(
      sends(event('c1') + fault('UNAUTHENTICATED')),
      (response) => response.writeHead(401).end(),
      sends(event('c2')),
    );
    void start();
    await expect.poll(() => seen.events).toEqual(['c1', 'c2']);
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer t0', 'Bearer t1', 'Bearer t2']);
    expect(seen.accepted).toEqual(['t0', 't2']);
  });

  it('gives up when the token that came in place of a refused one is refused as well', async () => {
    const refuse = (response: ServerResponse) => response.writeHead(401).end();
    answers.push(sends(event('c1') + fault('UNAUTHENTICATED')), refuse, refuse, refuse);
    let held: Tokens | undefined = { accessToken: 't0', refreshToken: 'r', expiresAt: undefined };
    const ended: string[] = [];
    const renewal = createRenewal({
      held: () => held,
      renew: async (tokens) => ({ ...tokens, accessToken: `${tokens.accessToken}+` }),
      renewed: (tokens) => {
        held = tokens;
      },
      ended: ({ kind }) => {
        ended.push(kind);
        held = undefined;
      },
    });
    await start({}, { current: () => held?.accessToken ?? '', renew: renewal.renew, accepted: renewal.accepted });
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer t0', 'Bearer t0+']);
    expect(ended).toEqual(['refused']);
    expect(seen.states.at(-1)).toBe('stopped');
  });

  it('begins afresh, and says so, when its cursor cannot be resumed', async () => {
    answers.push(sends(fault('CURSOR_NOT_RESUMABLE')), sends(event('n1')));
    void start({ latest: async () => 'now' });
    await expect.poll(() => seen.events).toEqual(['n1']);
    expect(asked.map(({ after }) => after)).toEqual(['c0', 'now']);
    expect(seen.gaps).toBe(1);
  });

  it('says that events may be missing when it had no cursor to go on from', async () => {
    answers.push(sends(':\n\n', { isCut: true }));
    void start({ position: { cursor: undefined } });
    await expect.poll(() => seen.gaps).toBe(1);
  });

  it('gives up on what would be refused again', async () => {
    answers.push(sends(fault('FORBIDDEN')));
    await start();
    expect(asked).toHaveLength(1);
    expect(seen.states).toEqual(['live', 'stopped']);
  });

  it('waits longer each time, and as long as the service asks', async () => {
    expect([1, 2, 3, 20].map((failures) => delayAfter(failures, undefined, () => 0))).toEqual([250, 500, 1000, 4000]);
    expect(delayAfter(1, undefined, () => 1)).toBe(500);
  });
});
