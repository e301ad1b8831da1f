import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { withoutInjection } from './without-injection.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  plugins: [react(), withoutInjection()],
  build: {
    outDir: here('../dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // Older ones have no `light-dark()`, and its replacement would double every colour.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows no `data:` but for images, and a hashed file is cached for ever.
    assetsInlineLimit: 0,
    // The polyfill is for browsers that the target leaves out.
    modulePreload: { polyfill: false },
  },
});
