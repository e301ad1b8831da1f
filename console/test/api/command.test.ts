import { inspect } from 'node:util';
import { MutationObserver, QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { type CommandOptions, commandOptions } from '../../src/api/command.ts';
import { Envelope } from '../../src/api/envelope.ts';
import { ApiError, SignedOutError } from '../../src/api/errors.ts';
import { TypedDocumentString } from '../../src/api/generated/graphql.ts';

interface Sent {
  readonly projectId: string;
  readonly password: string;
}
const DOCUMENT = new TypedDocumentString<{ readonly stored: boolean }, Sent>('mutation Store { stored }');
const SECRET = 'what was typed';
const SENT: Sent = { projectId: 'demo', password: SECRET };

/** A command whose request is answered by hand. */
function aCommand(options: CommandOptions<{ readonly stored: boolean }, Sent> = {}) {
  const queries = new QueryClient({ defaultOptions: { mutations: { networkMode: 'always' } } });
  const requests: unknown[] = [];
  let resolve = (_result: unknown): void => undefined;
  let reject = (_error: Error): void => undefined;
  const answer = new Promise<unknown>((done, failed) => {
    [resolve, reject] = [done, failed];
  });
  const api = {
    async request<Result>(_document: unknown, variables: unknown): Promise<Result> {
      requests.push(variables);
      return (await answer) as Result;
    },
  };
  const deps = { api, queries, intent: { current: undefined }, place: () => '/' };
  const observer = new MutationObserver(queries, commandOptions(deps, DOCUMENT, options));
  // As a form does while it is on the page.
  observer.subscribe(() => undefined);
  const envelope = new Envelope(SENT);
  return { queries, requests, resolve, reject, observer, envelope, ended: observer.mutate(envelope) };
}

const kept = ({ queries, observer }: ReturnType<typeof aCommand>) =>
  inspect([queries.getMutationCache().getAll(), observer.getCurrentResult()], { depth: 12, showHidden: true });

describe('what a command sends', () => {
  it('is forgotten once it was carried out, although its form is still there', async () => {
    const command = aCommand();
    await expect.poll(() => command.requests).toEqual([SENT]);
    expect(command.envelope.open()).toBe(SENT);
    expect(kept(command)).toContain('pending');
    command.resolve({ stored: true });
    expect(await command.ended).toEqual({ stored: true });
    expect(kept(command)).toContain('success');
    expect(kept(command)).not.toContain(SECRET);
    expect(() => command.envelope.open()).toThrow('emptied');
  });

  it('is forgotten once it was refused', async () => {
    const command = aCommand({ withKey: (variables) => variables });
    await expect.poll(() => command.requests).toHaveLength(1);
    command.reject(new ApiError({ message: 'no', extensions: { code: 'BAD_USER_INPUT' } }));
    await expect(command.ended).rejects.toThrow('no');
    expect(kept(command)).toContain('error');
    expect(kept(command)).not.toContain(SECRET);
    expect(() => command.envelope.open()).toThrow('emptied');
  });

  it('is there for what follows from its success', async () => {
    const seen: Sent[] = [];
    const command = aCommand({ onSuccess: (_result, variables) => seen.push(variables) });
    command.resolve({ stored: true });
    await command.ended;
    expect(seen).toEqual([SENT]);
  });
});

const withKey = (variables: Sent, idempotencyKey: string) => ({ ...variables, idempotencyKey });
const refusal = (code: string) => new ApiError({ message: code, extensions: { code, retryAfter: 30 } });

/** A form whose command is sent again and again; each request gets the next answer, or fails with it. */
function aForm(answers: readonly unknown[], options: CommandOptions<{ readonly stored: boolean }, Sent> = {}) {
  const keys: unknown[] = [];
  let left = answers;
  const api = {
    async request<Result>(_document: unknown, variables: unknown): Promise<Result> {
      keys.push((variables as { idempotencyKey?: string }).idempotencyKey);
      const [answer, ...others] = left;
      left = others;
      if (answer instanceof Error) throw answer;
      return answer as Result;
    },
  };
  const reader = { place: '/form' };
  const deps = { api, queries: new QueryClient(), intent: { current: undefined }, place: () => reader.place };
  const observer = new MutationObserver(deps.queries, commandOptions(deps, DOCUMENT, { withKey, ...options }));
  const send = (sent: Sent = SENT) => observer.mutate(new Envelope(sent)).catch((error: unknown) => error);
  return { keys, send, reader };
}

describe('the key of a command', () => {
  it.each([refusal('RATE_LIMITED'), refusal('FORBIDDEN'), refusal('INTERNAL'), new SignedOutError('signed out')])(
    'is the same when the person presses again, after an answer that was lost and then $message',
    async (error) => {
      const { keys, send } = aForm([refusal('UNAVAILABLE'), error, { stored: true }]);
      await send();
      expect(await send()).toBe(error);
      expect(await send()).toEqual({ stored: true });
      expect(keys).toHaveLength(3);
      expect(new Set(keys).size).toBe(1);
    },
  );

  it('is another once it was carried out, for what was changed, and where it belongs to something else', async () => {
    const { keys, send } = aForm([{ stored: true }, refusal('RATE_LIMITED'), refusal('IDEMPOTENCY_KEY_REUSED'), {}]);
    await send();
    await send();
    await send({ ...SENT, password: 'another' });
    await send({ ...SENT, password: 'another' });
    expect(new Set(keys).size).toBe(4);
  });
});

describe('where a command leads to', () => {
  it('is gone to by those who wait for it, and not by those who have left', async () => {
    const went: unknown[] = [];
    const { send, reader } = aForm([{ stored: true }, { stored: true }], { goOn: (result) => went.push(result) });
    await send();
    expect(went).toEqual([{ stored: true }]);
    const ended = send();
    reader.place = '/elsewhere';
    await ended;
    expect(went).toHaveLength(1);
  });
});
