import { badUserInput } from '../../domain/errors.ts';

const MAX_SEARCH_LENGTH = 255;

/**
 * A search term. A blank one counts as omitted.
 * @throws PurserError BAD_USER_INPUT on `search`
 */
export function searchText(search: string | null | undefined): string | undefined {
  const text = search?.trim() ?? '';
  if (text.length > MAX_SEARCH_LENGTH) {
    throw badUserInput('search', `\`search\` must have at most ${MAX_SEARCH_LENGTH} characters.`);
  }
  return text === '' ? undefined : text;
}
