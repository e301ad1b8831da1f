import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { mintForEcr } from '../src/adapters/minting/amazon-ecr.ts';
import type { EgressRequest, EgressSession } from '../src/application/ports/egress.ts';
import type { MintKind } from '../src/domain/mint-kinds/table.ts';
import { Secret } from '../src/domain/secret.ts';
import { canary } from './support/canary.ts';
import { createPurserHome, type PurserHome } from './support/purser-process.ts';

let home: PurserHome;
beforeAll(async () => {
  home = await createPurserHome({}, { fromNothing: true });
  await home.start();
});
afterAll(() => home.remove());

it('serves the schema as it is printed: bundling renamed none of the classes that types are named after', async () => {
  const response = await fetch(`${home.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${home.issuer.token()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const { data } = (await response.json()) as { data: Parameters<typeof buildClientSchema>[0] };
  const printed = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
  expect(printSchema(lexicographicSortSchema(buildClientSchema(data)))).toBe(
    printSchema(lexicographicSortSchema(printed)),
  );
});

/** Parts that are loaded late are named after their modules. */
describe('the SDK of Amazon, as it is built', () => {
  const BIN = fileURLToPath(new URL('../dist/bin/', import.meta.url));
  const sent: string[] = [];
  const session: EgressSession = {
    async request({ url, headers }: EgressRequest) {
      sent.push(`${url} ${Object.keys(headers ?? {}).includes('authorization') ? 'signed' : ''}`.trim());
      return { status: 403, headers: new Map(), body: Buffer.from('{}') };
    },
    fault: undefined,
    close: async () => undefined,
  };
  const load = (name: string) => {
    const file = readdirSync(BIN).find((each) => each.startsWith(`${name}-`) && each.endsWith('.js'));
    return import(BIN + file);
  };
  const request = (kind: MintKind, url: string, username: string, password: string) => ({
    mint: { kind, roleArn: null, externalId: null, tenantId: null, installationId: null, apiUrl: null },
    url,
    owner: { projectId: 'demo', registryId: 'r' },
    source: { username, password: new Secret(password) },
    purpose: 'PULL' as const,
  });
  const context = { session, now: Date.now, endpoints: {}, signAssertion: async () => '', ownToken: undefined };

  it('asks Amazon with a signature, for a password as for a role', async () => {
    const { mintForEcr: mint } = (await load('amazon-ecr')) as { mintForEcr: typeof mintForEcr };
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const plain = request('AMAZON_ECR', host, 'AKIAIOSFODNN7EXAMPLE', canary('built'));
    const roleArn = 'arn:aws:iam::123456789012:role/push';
    sent.length = 0;
    await expect(mint(plain, context)).rejects.toMatchObject({ fault: 'NOT_PERMITTED' });
    await expect(mint({ ...plain, mint: { ...plain.mint, roleArn } }, context)).rejects.toMatchObject({
      fault: 'NOT_PERMITTED',
    });
    expect(sent).toEqual([
      'https://api.ecr.eu-west-1.amazonaws.com/ signed',
      'https://sts.eu-west-1.amazonaws.com/ signed',
    ]);
  });
});
