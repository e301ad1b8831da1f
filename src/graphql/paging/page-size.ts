import { badUserInput } from '../../domain/errors.ts';

export const MAX_PAGE_SIZE = 100;

export function isPageSize(first: number): boolean {
  return Number.isInteger(first) && first >= 1 && first <= MAX_PAGE_SIZE;
}

/** The error for an invalid page size, from the document or from a variable. */
export function pageSizeFault(): Error {
  return badUserInput('first', `\`first\` must be from 1 to ${MAX_PAGE_SIZE}.`);
}

/** @throws PurserError BAD_USER_INPUT on `first` */
export function pageSize(first: number | null | undefined, fallback: number): number {
  const size = first ?? fallback;
  if (!isPageSize(size)) throw pageSizeFault();
  return size;
}
