import { inspect } from 'node:util';
import { MutationObserver, QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { type CommandOptions, commandOptions } from '../../src/api/command.ts';
import { Envelope } from '../../src/api/envelope.ts';
import { ApiError } from '../../src/api/errors.ts';
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
  const deps = { api, queries, intent: { current: undefined } };
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
