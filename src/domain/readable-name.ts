import { hasHiddenCharacters, isWellFormed } from './text-rules.ts';

const MAX_LENGTH = 255;

/**
 * Whether the text may be a project's id or a subject. A reader of the audit log must be able to see all of it.
 */
export function isReadableName(text: string): boolean {
  return text.length <= MAX_LENGTH && text.trim() !== '' && isWellFormed(text) && !hasHiddenCharacters(text);
}
