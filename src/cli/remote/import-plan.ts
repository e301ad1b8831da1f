import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { ImportedLogin, ImportSource } from './import-source.ts';
import { type Registry, registryByUrl } from './registry.ts';
import type { Call } from './remote-command.ts';
import { RefusedError } from './service.ts';

interface Named {
  /** The registry: its URL, or what the file calls it. */
  readonly registry: string;
  readonly username: string | null;
  readonly reason: string;
}
/** What is to be done with one entry of the file. */
export type Step = Named &
  (
    | { readonly will: 'REGISTER'; readonly login: ImportedLogin }
    | { readonly will: 'ROTATE'; readonly login: ImportedLogin; readonly existing: Registry }
    | { readonly will: 'SKIP' | 'REFUSE' }
  );

const TEST = `mutation ($projectId: ID!, $input: TestCredentialsInput!) {
  testCredentials(projectId: $projectId, input: $input) { outcome login advice } }`;
const testData = z.object({
  testCredentials: z.object({ outcome: z.string(), login: z.string(), advice: z.string().nullable() }),
});

/** Tries each login that would be stored, one after the other. */
export async function planImport(call: Call, { logins, refused }: ImportSource): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const login of logins) steps.push(await planned(call, login));
  return [
    ...steps,
    ...refused.map(({ key, reason }) => ({ registry: key, username: null, will: 'REFUSE', reason }) as const),
  ];
}

async function planned(call: Call, login: ImportedLogin): Promise<Step> {
  const { url, username } = login;
  const named = { registry: url, username };
  try {
    const existing = await registryByUrl(call.service, url);
    if (existing && call.options['rotate-existing'] !== true) {
      return { ...named, will: 'SKIP', reason: `It is there already, as ${existing.username}.` };
    }
    const fault = call.options['no-test'] === true ? undefined : await faultOf(call, login, existing);
    if (fault !== undefined) return { ...named, will: 'REFUSE', reason: fault };
    const reason = call.options['no-test'] === true ? 'Its login is not tried.' : 'Its login was accepted.';
    return existing
      ? { ...named, will: 'ROTATE', login, existing, reason }
      : { ...named, will: 'REGISTER', login, reason };
  } catch (error) {
    return { ...named, will: 'REFUSE', reason: reasonOf(error) };
  }
}

/** Undefined if the registry accepts the login. */
async function faultOf(call: Call, { url, username, password }: ImportedLogin, existing: Registry | null) {
  const input = { url, username, password: password.reveal(), access: existing?.access };
  const { testCredentials } = await patiently(call, () => call.service.ask(TEST, { input }, testData));
  const { login, outcome, advice } = testCredentials;
  return login === 'PROVED' ? undefined : `${outcome}: ${advice ?? 'the login was not proved.'}`;
}

/** An operation that tries a login, which only so many may in a minute: waits for its turn, as the service tells. */
export async function patiently<Data>({ say }: Pick<Call, 'say'>, operation: () => Promise<Data>): Promise<Data> {
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.retryAfter === undefined) throw error;
      say(`The tests of this minute are used up: going on in ${error.retryAfter} s.`);
      await delay(error.retryAfter * 1000);
    }
  }
}

/** Why one entry could not be taken. What concerns all of them is thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof RefusedError && error.concernsItsInput) return error.message;
  throw error;
}
