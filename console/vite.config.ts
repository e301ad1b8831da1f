import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { englishOnly } from './build/english-only.ts';
import { listFiles } from './build/list-files.ts';
import { operationTexts } from './build/operation-texts.ts';
import { preloadCode } from './build/preload-code.ts';
import { withoutInjection } from './without-injection.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const OUTPUT = here('../dist/console');

const servedFiles: Plugin = {
  name: 'served-files',
  apply: 'build',
  writeBundle: () => listFiles(OUTPUT),
};

export default defineConfig({
  root: here('.'),
  plugins: [
    operationTexts(here('./src/api/generated/graphql.ts')),
    react(),
    englishOnly(),
    withoutInjection(),
    preloadCode('src/app/show.tsx'),
    servedFiles,
  ],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    target: 'es2022',
    // Older ones have no `light-dark()`, and its replacement would double every colour.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows no `data:` but for images, and a hashed file is cached for ever.
    assetsInlineLimit: 0,
    // One sheet, with the page: no view waits for its own, or is without it where the network went away.
    cssCodeSplit: false,
    // The polyfill is for browsers that the target leaves out.
    modulePreload: { polyfill: false },
    // One chunk has all that is always needed; the first view's size is held by a test.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // To compress well takes seconds, and is no fault.
      checks: { bundlerTimings: false },
      // Each takes what it imports, but for what one above it has taken. Left to itself the bundler makes some thirty chunks of what
      // the first view needs, and a browser asks for six at a time.
      output: {
        codeSplitting: {
          groups: [
            { name: 'start', test: /\/src\/main\.ts$/, priority: 3 },
            { name: 'app', test: /\/src\/app\/show\.tsx$/, priority: 2 },
            { name: 'overview', test: /\/src\/views\/overview\/overview-view\.tsx$/, priority: 1 },
          ],
        },
      },
    },
  },
});
