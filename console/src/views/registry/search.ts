import { instant, known, oneOf, type RawSearch, text } from '../../app/search-params.ts';

/** The sections of a registry's page, in the order of their tabs. */
export const SECTIONS = ['credential', 'health', 'pipelines', 'leases', 'history', 'edit', 'snippets'] as const;
export type Section = (typeof SECTIONS)[number];

export type RegistrySearch = ReturnType<typeof registrySearch>;

/** The longest name of a pipeline or a run. */
const LONGEST_NAME = 255;

/** What the address of a registry's page holds beside its id. Unknown values are dropped, so that an old link still shows the page. */
export function registrySearch(raw: RawSearch) {
  const tab = oneOf(raw.tab, SECTIONS);
  return known({
    /** Left out: the credential. */
    tab: tab === 'credential' ? undefined : tab,
    /** The moment that the history shows the registry at. */
    asOf: instant(raw.asOf),
    /** `all`: leases that have ended as well. */
    leases: oneOf(raw.leases, ['all']),
    /** Only leases of exactly this pipeline, or of this run. */
    pipeline: text(raw.pipeline, LONGEST_NAME),
    run: text(raw.run, LONGEST_NAME),
  });
}
