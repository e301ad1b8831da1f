import { expect, it } from 'vitest';
import { answerJson, fieldError } from '../support/purser-stub.ts';
import { ask, NOT_FOUND } from './helper-fixture.ts';

const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

it('asks for the media type of GraphQL over HTTP, and takes its answer by that, whatever the status', async () => {
  const missing = fieldError('NOT_FOUND', 'There is no such registry.');
  const { run, requests } = await ask((_, response) => answerJson(response, missing, 294, GRAPHQL_TYPE));
  expect(run).toEqual({ stdout: `${NOT_FOUND}\n`, stderr: '', exitCode: 1 });
  expect(requests[0]?.accept).toBe('application/graphql-response+json, application/json;q=0.9');
});
