import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { englishOnly } from '../build/english-only.ts';
import consoleConfig from '../vite.config.ts';
import { withoutInjection } from '../without-injection.ts';

/** The shared parts on one page, for looking at them and for test/browser/console-parts.test.ts. It is in no image. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), englishOnly(), withoutInjection()],
  build: { ...consoleConfig.build, outDir: fileURLToPath(new URL('../../dist/gallery', import.meta.url)) },
});
