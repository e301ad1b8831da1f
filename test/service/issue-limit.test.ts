import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { AUDIT, CREATE, ISSUE } from './operations.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { CALLER_ISSUES_PER_MINUTE: '25' } });
  for (const url of ['one.example', 'two.example']) {
    await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('limit') } });
  }
});
afterAll(() => purser.stop());

const USE = { projects: { demo: ['iam:project:cicd:registry:use'] } };
const ask = (subject: string, input: Record<string, unknown> = {}) =>
  purser.graphql(
    ISSUE,
    { input: { image: 'one.example/app', pipeline: 'build', runId: '1', ...input } },
    purser.token({ ...USE, subject }),
  );

const LIMITED = { code: 'RATE_LIMITED', retryAfter: expect.any(Number) };

describe('a caller that asks for credentials too often', () => {
  it('is told to wait, also for the lease of its own run, while others get theirs', async () => {
    for (let index = 0; index < 25; index += 1) expect((await ask('loop')).errors).toBeUndefined();
    const { errors } = await ask('loop');
    expect(errors).toMatchObject([{ extensions: LIMITED }]);
    expect(JSON.stringify(errors)).not.toContain('canary');
    expect((await ask('another')).errors).toBeUndefined();

    const filter = { actor: 'loop', action: 'ISSUE_CREDENTIAL', outcome: 'FAILED' };
    const { nodes } = (await purser.graphql(AUDIT, { filter })).data.auditLog;
    expect(nodes).toMatchObject([{ code: 'RATE_LIMITED', url: 'one.example', pipeline: 'build' }]);
  });

  it('gets no credential of a batch that does not fit', async () => {
    for (let index = 0; index < 24; index += 1) await ask('batch');
    const input = ['one.example/app', 'two.example/app'].map((image) => ({ image, pipeline: 'batch' }));
    const { data, errors } = await purser.graphql(
      `mutation ($input: [IssueCredentialInput!]!) {
        issueCredentials(projectId: "demo", input: $input) { dockerConfigJson } }`,
      { input },
      purser.token({ ...USE, subject: 'batch' }),
    );
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ message: expect.stringMatching(/^input\[1\]: /), extensions: LIMITED }]);
  });
});
