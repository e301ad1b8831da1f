import 'reflect-metadata';
import { expect, it } from 'vitest';
import { AuditHeadResolver } from '../../../src/graphql/audit/audit-heads.ts';
import type { GraphqlContext } from '../../../src/graphql/pipeline/context.ts';

it('who was told of signed heads is answered by a standby only once it has their entries', async () => {
  const steps: unknown[] = [];
  const principal = { subject: 'ada' };
  const context = {
    services: {
      queries: { auditHeads: { list: async () => ({ heads: [steps.push('read')].slice(1), hasNextPage: false }) } },
      application: { answered: (caller: unknown) => steps.push(caller) },
    },
    request: { principal },
  } as unknown as GraphqlContext;
  await new AuditHeadResolver().auditHeads(context, 'demo', null, null);
  expect(steps).toEqual(['read', principal]);
});
