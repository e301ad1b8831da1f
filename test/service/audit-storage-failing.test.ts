import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE } from './operations.ts';

const ASKS = 1_000;
const AT_ONCE = 240;
/** So many asks of one would be refused for that alone. */
const CALLERS = 24;
const password = canary('failing-storage');
let purser: TestPurser;
beforeAll(async () => {
  // So many asks of one caller in a second would be refused for that alone.
  purser = await startPurser({ environment: { CALLER_COST_PER_SECOND: '0' } });
  const input = { url: 'ghcr.io', username: 'ada', password };
  expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
});
afterAll(() => purser.stop());

const ISSUE = `mutation ($input: IssueCredentialInput!) {
  issueCredential(projectId: "demo", input: $input) { password dockerConfigJson lease { id } } }`;
const ISSUE_SEVERAL = `mutation ($input: [IssueCredentialInput!]!) {
  issueCredentials(projectId: "demo", input: $input) { dockerConfigJson credentials { password } } }`;
const image = 'ghcr.io/ada/app';

/** A new lease, one of a run that has a lease already, a repeated request, and several at once. */
function ask(number: number): Promise<string> {
  const input = { image, pipeline: `p-${number}` };
  switch (number % 4) {
    case 0:
      return text(number, ISSUE, { input });
    case 1:
      return text(number, ISSUE, { input: { image, pipeline: 'p', runId: '1' } });
    case 2:
      return text(number, ISSUE, { input: { image, pipeline: 'p', idempotencyKey: 'issued-before' } });
    default:
      return text(number, ISSUE_SEVERAL, { input: [input] });
  }
}

/** The whole answer, headers included. */
async function text(number: number, query: string, variables: object): Promise<string> {
  const answer = await fetch(`${purser.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${purser.token({ subject: `ci-${number % CALLERS}` })}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  return JSON.stringify([...answer.headers]) + (await answer.text());
}

const forms = [password, Buffer.from(`ada:${password}`).toString('base64').slice(4, -4), encodeURIComponent(password)];
const holdsSecret = (answer: string) => forms.some((form) => answer.includes(form));

/** The table of events takes no row any more. */
const setFailing = (isFailing: boolean) =>
  withClient(purser.connectionString, (client) =>
    client.query(
      isFailing
        ? `create function log.fail() returns trigger language plpgsql as $$
             begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$;
           create trigger fail before insert on log.events execute function log.fail()`
        : 'drop trigger fail on log.events',
    ),
  );

it(`${ASKS} asks for a credential get no secret while the audit log cannot be written`, async () => {
  for (let number = 0; number < CALLERS; number += 1) expect(holdsSecret(await ask(number))).toBe(true);
  await setFailing(true);
  const answers: string[] = [];
  for (let first = 0; first < ASKS; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, ASKS - first);
    answers.push(...(await Promise.all(Array.from({ length: count }, (_, index) => ask(first + index)))));
  }
  expect(answers).toHaveLength(ASKS);
  expect(answers.filter(holdsSecret)).toEqual([]);
  expect(answers.filter((answer) => !answer.includes('"code":"UNAVAILABLE"'))).toEqual([]);
  await setFailing(false);
  await expect.poll(async () => holdsSecret(await ask(0))).toBe(true);
});
