import { readFile } from 'node:fs/promises';
import { stripIgnoredCharacters } from 'graphql';
import type { Plugin } from 'vite';

const CALL = /\bgraphql\(`([^`]*)`\)/g;
const DOCUMENT = /export const (\w+) = new TypedDocumentString\(`([^`]*)`/g;
const NAME = /\b(query|mutation|subscription|fragment)\s+(\w+)/;
const TABLE = '/src/api/generated/gql.ts';

/**
 * Puts the text of each operation, with its fragments, where it is written. Without this, `graphql` finds it in a table of all of
 * them, so that the first view loads those of every other.
 * @param generated the file that the generator made
 */
export function operationTexts(generated: string): Plugin {
  let texts: Promise<ReadonlyMap<string, string>> | undefined;

  async function read(): Promise<ReadonlyMap<string, string>> {
    const found = (await readFile(generated, 'utf8')).matchAll(DOCUMENT);
    return new Map([...found].map(([, name = '', text = '']) => [name, stripIgnoredCharacters(text)]));
  }

  return {
    name: 'operation-texts',
    apply: 'build',
    enforce: 'pre',
    buildStart() {
      texts = undefined;
    },
    load(id) {
      return id.endsWith(TABLE) ? 'export const graphql = undefined;' : null;
    },
    async transform(code, id) {
      if (!/\.tsx?$/.test(id) || !code.includes('graphql(`')) return null;
      texts ??= read();
      const known = await texts;
      const textOf = (source: string) => {
        const [, kind, name] = NAME.exec(source) ?? [];
        const text = known.get(`${name}${kind === 'fragment' ? 'FragmentDoc' : 'Document'}`);
        if (text === undefined) this.error(`${id}: ${name ?? 'an operation without a name'} was not generated`);
        return JSON.stringify(text);
      };
      return { code: code.replace(CALL, (_, source: string) => textOf(source)), map: null };
    },
  };
}
