import type { PresetDetailsFragment, RegistryProvider } from '../../api/generated/graphql.ts';

export type Preset = PresetDetailsFragment;

/** The one for hosts that tell nothing. */
export function otherPreset(presets: readonly Preset[]): Preset | undefined {
  return presets.find(({ provider }) => provider === 'GENERIC');
}

/** Those whose name or URLs have all words of the search, in the order of the table. */
export function findPresets(presets: readonly Preset[], search: string): Preset[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return presets.filter((preset) => {
    const text = [preset.name, ...preset.urlPatterns].join(' ').toLowerCase();
    return words.every((word) => text.includes(word)) || matchesHost(preset, search);
  });
}

/** The URL, if all registries of this kind have the same one; else nothing. */
export function onlyUrlOf({ urlPatterns, provider }: Preset): string {
  const exact = urlPatterns.filter((pattern) => !pattern.includes('<'));
  return provider === 'GENERIC' ? '' : (exact[0] ?? '');
}

/** An example of its URLs, for an empty field. */
export function exampleOf({ urlPatterns }: Preset): string {
  return urlPatterns[0] ?? '';
}

/** The kind of registry that a host shows, as far as the table's patterns tell; the service has the last word. */
export function presetOfHost(presets: readonly Preset[], url: string): Preset | undefined {
  return presets.find((preset) => preset.provider !== 'GENERIC' && matchesHost(preset, url));
}

/** What stands in the place of something else matches any label; `<your … host>` is any host, and shows nothing. */
function matchesHost({ urlPatterns }: Preset, url: string): boolean {
  const host = hostOf(url);
  return host !== '' && urlPatterns.some((pattern) => !pattern.includes('<your') && patternOf(pattern).test(host));
}

function patternOf(pattern: string): RegExp {
  const source = pattern
    .split(/<[^>]*>/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[a-z0-9-]+');
  return new RegExp(`^${source}$`);
}

/** `https://GHCR.io/team` is on `ghcr.io`. */
export function hostOf(url: string): string {
  const [host = ''] = url
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .split('/');
  return host;
}

/** Whether a text that was searched for can be the host of a registry. */
export function isHost(text: string): boolean {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$|^localhost:\d{1,5}$/.test(hostOf(text));
}

/**
 * What is sent as `provider`: what the person chose, unless the host shows it or nothing was chosen. The service refuses one that is not true of
 * the host, in a sentence.
 */
export function declaredProvider(
  presets: readonly Preset[],
  chosen: Preset,
  url: string,
): RegistryProvider | undefined {
  return chosen.provider === 'GENERIC' || presetOfHost(presets, url) !== undefined ? undefined : chosen.provider;
}
