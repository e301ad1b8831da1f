import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpService, post, startHttpService } from '../support/http-service.ts';
import { leastStall } from '../support/stall.ts';

const REGISTRIES = 100;
/** As long as a certificate authority may be. */
const PEM = 'A'.repeat(16 * 1024);

/** In which nothing else is done. */
const MOMENT_MS = 1_000;

let service: HttpService;
beforeAll(async () => {
  service = await startHttpService();
  for (let index = 0; index < REGISTRIES; index += 1) {
    service.double.addRegistry('demo', `r${index}.example`, { caCertificate: PEM, description: 'd'.repeat(2_000) });
  }
});
afterAll(() => service.server.close());

async function ask(query: string) {
  const { status, text, body } = await post(service.url, { query }, service.issuer.token(), {
    accept: 'application/graphql-response+json',
  });
  return { status, bytes: text.length, body };
}

const aliases = Array.from({ length: 15 }, (_, index) => `a${index}: caCertificate`).join(' ');

it('refuses the answer of aliases over certificates, which had 49 MB, at once', async () => {
  const query = `{ registries(projectId: "demo", first: 100) { nodes { ...C } edges { node { ...C } } } }
    fragment C on Registry { ${aliases} }`;
  const { status, bytes, body } = await ask(query);
  expect(status).toBe(422);
  expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'query' });
  expect(body.errors?.[0]?.message).toMatch(/at most 5 MB/);
  expect(bytes).toBeLessThan(1_000);
  expect(await leastStall(MOMENT_MS, () => ask(query))).toBeLessThan(MOMENT_MS);
});

it('answers the largest page with every certificate', async () => {
  const { bytes, body } = await ask(
    '{ registries(projectId: "demo", first: 100) { nodes { id name description caCertificate } } }',
  );
  expect(body.errors).toBeUndefined();
  expect(bytes).toBeGreaterThan(1_800_000);
  expect(bytes).toBeLessThan(5_000_000);
});
