import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/domain/errors.ts';
import { isCompilable } from '../../src/graphql/pipeline/compiled-execution.ts';
import { buildPurserSchema } from '../../src/graphql/schema.ts';
import { canary } from '../support/canary.ts';
import { type DocumentGenerator, documentGenerator, type GeneratedRequest } from '../support/generated-documents.ts';
import { type GraphqlResponse, type HttpService, post, startHttpService } from '../support/http-service.ts';
import { rounds } from '../support/rounds.ts';

const DOCUMENTS = rounds({ usual: 2_500, torture: 20_000 });
const AT_ONCE = 20;
const MARKED = canary('generated');

let service: HttpService;
let generator: DocumentGenerator;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  generator = documentGenerator(await buildPurserSchema(), MARKED);
  token = service.issuer.token();
  for (let index = 0; index < 10; index += 1) service.double.addRegistry('demo', `registry-${index}.example.com`);
});
afterAll(() => service.server.close());

async function answers(
  make: (seed: number) => GeneratedRequest,
  count: number,
  look: (response: GraphqlResponse, seed: number) => void,
): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, index) => start + index);
    const responses = await Promise.all(seeds.map((seed) => post(service.url, make(seed), token)));
    for (const [index, response] of responses.entries()) look(response, seeds[index] ?? -1);
  }
}

it(`answers ${DOCUMENTS} damaged requests without one that fails on our side or quotes what was sent`, async () => {
  const known: readonly string[] = ERROR_CODES;
  const seen = new Map<string, number>();
  await answers(generator.mutated, DOCUMENTS, ({ status, body, text }, seed) => {
    const codes = (body.errors ?? []).map(({ extensions }) => extensions.code);
    const where = `seed ${seed}: ${text.slice(0, 300)}`;
    if (status !== 200 && status !== 400) expect.fail(where);
    if (codes.includes('INTERNAL') || codes.some((code) => !known.includes(code))) expect.fail(where);
    if (JSON.stringify(body.errors ?? []).includes(MARKED)) expect.fail(where);
    const outcome = codes[0] ?? 'ok';
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  });
  // The generator would show nothing if it only made one kind of request.
  for (const outcome of ['ok', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'FORBIDDEN']) {
    expect(seen.get(outcome) ?? 0).toBeGreaterThan(50);
  }
  expect(service.log()).not.toContain(MARKED);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
}, 300_000);

it('answers valid requests the same when they are interpreted and when they are compiled', async () => {
  const withoutIds = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');
  let answered = 0;
  let refused = 0;
  for (let seed = 0; seed < 250; seed += 1) {
    const request = generator.plain(seed);
    expect(isCompilable(parse(request.query))).toBe(true);
    const texts: string[] = [];
    for (let run = 0; run < 4; run += 1) texts.push(withoutIds((await post(service.url, request, token)).text));
    expect(new Set(texts).size, `seed ${seed}: ${request.query}\n${texts.join('\n')}`).toBe(1);
    if (texts[0]?.startsWith('{"data"')) answered += 1;
    else refused += 1;
  }
  expect(answered).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
});
