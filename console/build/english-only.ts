import type { Plugin } from 'vite';

/** The words of React Aria in all of its languages, one file a part. */
const WORDS = /\/(?:react-aria|react-aria-components|react-stately)\/dist\/private\/(?:[\w/]+\/)?intlStrings\.mjs$/;
const ENGLISH = /import \S+ from (["'][^"']+\/en-US\.mjs["']);/;

/**
 * The console is in English, and React Aria's own words stand between its texts: its 33 other languages are left out.
 */
export function englishOnly(): Plugin {
  return {
    name: 'english-only',
    apply: 'build',
    transform(code, id) {
      if (!WORDS.test(id)) return null;
      const english = ENGLISH.exec(code)?.[1];
      if (english === undefined) this.error(`${id} names no English words: see console/build/english-only.ts`);
      return { code: `import english from ${english};\nexport default { 'en-US': english };\n`, map: null };
    },
  };
}
