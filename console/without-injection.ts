import type { Plugin } from 'vite';

/**
 * React Aria inserts two constant style elements and empties its live region by `innerHTML`. The content security policy refuses the
 * first and, by Trusted Types, throws at the second. Their rules stand in src/styles/base.css instead.
 */
const REPLACEMENTS = [
  {
    file: '/react-aria/dist/private/interactions/usePress.mjs',
    from: 'ownerDocument.head.prepend(style);',
    count: 1,
    to: '',
  },
  {
    file: '/react-aria/dist/private/overlays/usePreventScroll.mjs',
    from: 'document.head.prepend(style);',
    count: 1,
    to: '',
  },
  {
    file: '/react-aria/dist/private/live-announcer/LiveAnnouncer.mjs',
    from: ".innerHTML = ''",
    count: 2,
    to: '.replaceChildren()',
  },
] as const;

/** Fails the build if a new version of React Aria has none of what is to be replaced. */
export function withoutInjection(): Plugin {
  return {
    name: 'without-injection',
    apply: 'build',
    transform(code, id) {
      const replacement = REPLACEMENTS.find(({ file }) => id.endsWith(file));
      if (replacement === undefined) return null;
      const parts = code.split(replacement.from);
      if (parts.length !== replacement.count + 1) {
        this.error(
          `${replacement.file} has ${parts.length - 1} × \`${replacement.from}\`: see console/without-injection.ts`,
        );
      }
      return { code: parts.join(replacement.to), map: null };
    },
  };
}
