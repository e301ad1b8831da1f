import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vite';
import consoleConfig from '../vite.config.ts';

/** The shared parts on one page, for looking at them and for test/browser/console-parts.test.ts. It is in no image. */
export default mergeConfig(consoleConfig, {
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: { outDir: fileURLToPath(new URL('../../dist/gallery', import.meta.url)) },
});
