import { hash, randomBytes } from 'node:crypto';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { isCompilable } from '../../../src/graphql/pipeline/compiled-execution.ts';
import { createDocumentCache, type DocumentCache } from '../../../src/graphql/pipeline/document-cache.ts';
import { buildPurserSchema } from '../../../src/graphql/schema.ts';

let schema: GraphQLSchema;
let documents: DocumentCache;
beforeAll(async () => {
  schema = await buildPurserSchema();
  documents = createDocumentCache(schema, { introspection: false });
});

const stored = async (source: string) =>
  (await documents.documentStore.get(hash('sha256', source, 'hex'))) !== undefined;
const secret = `s${randomBytes(8).toString('hex')}`;
const rotate = (input: string, variables = '') =>
  `mutation ${variables} { rotateCredential(projectId: "demo", id: "7", input: ${input}) { registry { id } } }`;

describe('a document with a text that may be a secret', () => {
  it.each([
    ['a password', rotate(`{ password: "${secret}" }`)],
    ['a password as a block string', rotate(`{ password: """${secret}""" }`)],
    ['a password as the default of a variable', rotate('{ password: $p }', `($p: String! = "${secret}")`)],
    ['an input as the default of a variable', rotate('$i', `($i: RotateCredentialInput! = { password: "${secret}" })`)],
    [
      'a password in a fragment',
      `mutation { ...F } fragment F on Mutation { rotateCredential(projectId: "demo", id: "7", input: { password: "${secret}" }) { registry { id } } }`,
    ],
    ['a URL', `{ registryByUrl(projectId: "demo", url: "https://ada:${secret}@reg.example") { id } }`],
    ['a text to search for', `{ registries(projectId: "demo", filter: { search: "${secret}" }) { totalCount } }`],
  ])('such as %s is neither cached nor compiled', async (_, source) => {
    const document = documents.admit(source);
    expect(await stored(source)).toBe(false);
    expect(documents.admit(source)).not.toBe(document);
    expect(isCompilable(document)).toBe(false);
  });

  it('is found by Apollo Server as long as a request with it runs, and not longer', async () => {
    const source = rotate(`{ password: "${secret}", username: "x" }`);
    let end = () => {};
    const running = Promise.all([
      documents.during(source, async () => expect(await stored(source)).toBe(true)),
      documents.during(
        source,
        () =>
          new Promise<void>((resolve) => {
            end = resolve;
          }),
      ),
    ]);
    await expect.poll(() => stored(source)).toBe(true);
    end();
    await running;
    expect(await stored(source)).toBe(false);
    await expect(documents.during(source, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await stored(source)).toBe(false);
  });

  it.each([
    ['ids', '{ registry(projectId: "demo", id: "7") { id } }'],
    ['ids of a mutation', 'mutation { deleteRegistry(projectId: "demo", id: "7") { deletedId } }'],
    ['a date', '{ registries(projectId: "demo", filter: { expiresBefore: "2030-01-01T00:00:00Z" }) { totalCount } }'],
    ['variables', rotate('{ password: $p }', '($p: String!)')],
  ])('is not one with %s, which is cached', async (_, source) => {
    const document: DocumentNode = documents.admit(source);
    expect(await stored(source)).toBe(true);
    expect(documents.admit(source)).toBe(document);
  });
});
