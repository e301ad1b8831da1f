import { hasHiddenCharacters, isWellFormed } from './text-rules.ts';

const MAX_LENGTH = 255;

/**
 * Whether a project's id or a subject may be spelled so, by whoever names it: one who reads it in the audit log must
 * see all of it.
 */
export function isReadableName(text: string): boolean {
  return text.length <= MAX_LENGTH && text.trim() !== '' && isWellFormed(text) && !hasHiddenCharacters(text);
}
