import type { HtmlTagDescriptor, Plugin } from 'vite';

/**
 * Lets the page name the code that its entry imports while it runs: the browser loads it from the beginning, beside the entry, which
 * signs in meanwhile.
 * @param module the end of the path of what the entry imports
 */
export function preloadCode(module: string): Plugin {
  return {
    name: 'preload-code',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle = {} }) {
        const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
        const code = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/${module}`)));
        if (code === undefined) throw new Error(`${module} is no chunk of its own, so the page cannot name it`);
        return [code.fileName, ...code.imports].map(
          (fileName): HtmlTagDescriptor => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` },
            injectTo: 'head',
          }),
        );
      },
    },
  };
}
