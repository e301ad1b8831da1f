import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types of the schema and of each operation, from `schema/schema.graphql`: a field that the service does not have fails the type check. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: ['console/src/**/*.{ts,tsx}', '!console/src/api/generated/**'],
  generates: {
    'console/src/api/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumsAsTypes: true,
        importExtension: '.ts',
        scalars: { DateTime: 'string' },
      },
    },
  },
  silent: true,
  errorsOnly: true,
};
export default config;
