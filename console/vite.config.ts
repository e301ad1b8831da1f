import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  build: {
    outDir: here('../dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows no `data:` but for images, and a hashed file is cached for ever.
    assetsInlineLimit: 0,
    // The polyfill is for browsers that the target leaves out.
    modulePreload: { polyfill: false },
  },
});
