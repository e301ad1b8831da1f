import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createGraphql } from '../../../src/graphql/create-graphql.ts';
import { createApplicationDouble } from '../../support/application-double.ts';
import { aCaller, PROJECT } from '../../support/use-cases.ts';

const ANSWERED_MS = 13_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it.each([
  ['a query', `{ registries(projectId: "${PROJECT}") { edges { node { id } } } }`],
  ['a mutation', `mutation { releaseLease(projectId: "${PROJECT}", leaseId: "of no lease") { id } }`],
])('%s, whatever its steps wait for, is answered UNAVAILABLE in 13 seconds', async (_, query) => {
  const { application, queries } = createApplicationDouble();
  const never = new Promise<never>(() => undefined);
  const waiting = { ...application, readableAt: () => never, releaseLease: vi.fn(() => never) };
  const graphql = await createGraphql({
    application: { ...waiting, isGranted: () => true },
    queries,
    cursorKey: Buffer.alloc(32),
    metrics: { operationFinished: () => undefined },
    logger: pino({ level: 'silent' }),
    introspection: false,
  });
  const request = aCaller();
  const slot = graphql.callers.slot(request.principal);
  const context = { services: graphql.services, request, signal: new AbortController().signal, slot };
  const startedAt = performance.now();
  const answering = graphql.answer({ query, operationName: undefined, variables: {} }, context);
  const answered = answering.then(({ result }) => ({ result, ms: performance.now() - startedAt }));
  await vi.advanceTimersByTimeAsync(ANSWERED_MS);
  const { result, ms } = await answered;
  expect(result.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
  expect(ms).toBeLessThanOrEqual(ANSWERED_MS);
});
