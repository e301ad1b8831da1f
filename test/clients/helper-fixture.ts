import { expect } from 'vitest';
import { type ClientRun, CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { type StubHandler, startPurserStub } from '../support/purser-stub.ts';

export const NOT_FOUND = 'credentials not found in native keychain';
export const TOKEN = canary('token');

export function environment(url: string, changes: Record<string, string | undefined> = {}): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    PURSER_URL: url,
    PURSER_TOKEN: TOKEN,
    PURSER_PROJECT: 'demo',
    PURSER_PIPELINE: 'web/deploy',
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Runs one command against a stub that answers so, and returns what both sides saw. */
export async function ask(
  handler: StubHandler,
  {
    args = ['get'],
    input = 'registry.example.com',
    changes = {},
    path = '',
  }: { args?: string[]; input?: string; changes?: Record<string, string | undefined>; path?: string } = {},
) {
  const stub = await startPurserStub();
  try {
    stub.handle(handler);
    const run = await runClient(CREDENTIAL_HELPER, args, { input, environment: environment(stub.url + path, changes) });
    return { run, requests: stub.requests };
  } finally {
    await stub.stop();
  }
}

/** A refusal: a text on stdout that no client takes for "go on anonymously", and nothing secret in it. */
export function expectRefusal(run: ClientRun, text: string | RegExp): void {
  expect(run.stdout).toMatch(text);
  expect(run).toMatchObject({ exitCode: 1, stderr: '' });
  expect(run.stdout.toLowerCase()).not.toContain('not found in native keychain');
  expect(run.stdout).toMatch(/^docker-credential-purser: [^\n]+\n$/);
  expect(run.stdout).not.toContain(TOKEN);
}
