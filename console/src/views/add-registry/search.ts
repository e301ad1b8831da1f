import { known, type RawSearch, text } from '../../app/search-params.ts';

export type AddRegistrySearch = ReturnType<typeof addRegistrySearch>;

/** Nothing of what is typed into the form stands in the address. */
export function addRegistrySearch(raw: RawSearch) {
  return known({
    /** The chosen one of the common registries, by its name. */
    preset: text(raw.preset, 100),
    /** A host to begin with. */
    url: text(raw.url, 255),
  });
}
