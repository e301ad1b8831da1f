import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from '@graphql-codegen/cli';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { post, startHttpService } from '../../support/http-service.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

const CLIENT = `import { graphql } from './generated/gql.ts';
import type { ListQuery, ListQueryVariables } from './generated/graphql.ts';

export const LIST = graphql(\`query List($first: Int) {
  registries(projectId: "demo", first: $first) { totalCount nodes { url credential { status } } }
}\`);
export const variables: ListQueryVariables = { first: 5 };
export const urls = ({ registries }: ListQuery): string[] => registries.nodes.map(({ url }) => url);
`;

let folder: string;
beforeAll(async () => {
  // Inside the project, where the generated code finds its library.
  folder = await mkdtemp(join(ROOT, 'node_modules/.codegen-'));
  await writeFile(join(folder, 'client.ts'), CLIENT);
  await generate(
    {
      schema: join(ROOT, 'schema/schema.graphql'),
      documents: [join(folder, 'client.ts')],
      silent: true,
      generates: {
        [join(folder, 'generated/')]: {
          preset: 'client',
          presetConfig: { fragmentMasking: false },
          config: { useTypeImports: true, enumsAsTypes: true, importExtension: '.ts', scalars: { DateTime: 'string' } },
        },
      },
    },
    true,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const typeCheck = () =>
  run(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    ...['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--module', 'nodenext'],
    ...['--target', 'es2022', '--ignoreConfig', join(folder, 'client.ts')],
  ]).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );

it("graphql-codegen's client preset writes documents that type-check, and that the service answers", async () => {
  expect(await typeCheck()).toBe('');
  const generated = await readFile(join(folder, 'generated/graphql.ts'), 'utf8');
  expect(generated).toContain('ListDocument');
  const { LIST, variables } = await import(/* @vite-ignore */ join(folder, 'client.ts'));
  const { print } = await import('graphql');
  await using service = await startHttpService();
  service.double.addRegistry('demo', 'codegen.example.com');
  const { body } = await post(service.url, { query: print(LIST), variables }, service.issuer.token());
  expect(body).toMatchObject({ data: { registries: { totalCount: 1, nodes: [{ url: 'codegen.example.com' }] } } });
});

it('the types notice a field that the schema does not have', async () => {
  await writeFile(join(folder, 'client.ts'), CLIENT.replace('({ url }) => url', '({ adress }) => adress'));
  expect(await typeCheck()).toContain('adress');
});
