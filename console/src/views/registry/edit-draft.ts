import type { RegistryAccess, RegistryDetailsFragment, UpdateRegistryInput } from '../../api/generated/graphql.ts';

/** What the form holds: texts as they stand in its fields, empty where there is nothing. */
export interface EditDraft {
  readonly name: string;
  readonly description: string;
  readonly email: string;
  readonly username: string;
  readonly access: RegistryAccess;
  readonly authRealmHost: string;
  readonly caCertificate: string;
  /** RFC 3339, or empty. */
  readonly expiresAt: string;
  readonly rotateEveryDays: string;
}

export type EditField = keyof EditDraft;

export const EDIT_FIELDS = [
  'name',
  'description',
  'email',
  'access',
  'username',
  'expiresAt',
  'rotateEveryDays',
  'authRealmHost',
  'caCertificate',
] as const satisfies readonly EditField[];

export function draftOf(registry: RegistryDetailsFragment): EditDraft {
  const { credential } = registry;
  return {
    // A name that nobody entered is the URL, and stays so while the field is left empty.
    name: registry.name === registry.url ? '' : registry.name,
    description: registry.description ?? '',
    email: registry.email ?? '',
    username: registry.username,
    access: registry.access,
    authRealmHost: registry.authRealmHost ?? '',
    caCertificate: registry.caCertificate ?? '',
    expiresAt: credential.expiresAt ?? '',
    rotateEveryDays: credential.rotateEveryDays?.toString() ?? '',
  };
}

export function changedFields(base: EditDraft, draft: EditDraft): EditField[] {
  return EDIT_FIELDS.filter((field) => base[field] !== draft[field]);
}

/** Only what was changed, so that nothing else is overwritten; null clears a field. */
export function updateInput(base: EditDraft, draft: EditDraft): UpdateRegistryInput {
  const input: UpdateRegistryInput = {};
  for (const field of changedFields(base, draft)) {
    if (field === 'access') input.access = draft.access;
    else if (field === 'rotateEveryDays') input.rotateEveryDays = wholeNumber(draft.rotateEveryDays);
    // The service says that a user name cannot be cleared.
    else if (field === 'username') input.username = draft.username;
    else input[field] = draft[field] === '' ? null : draft[field];
  }
  return input;
}

/** Whether the text can be sent as a number of days. The service says which numbers it takes. */
export function isDays(text: string): boolean {
  return /^\s*\d*\s*$/.test(text);
}

/** @returns null for nothing. What is no number must not be sent: it would be null as well */
function wholeNumber(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

export interface MergedDraft {
  readonly draft: EditDraft;
  /** Fields that both have changed, each to something else. The draft keeps the reader's own. */
  readonly clashes: EditField[];
}

/**
 * Takes a draft over to what somebody else saved since: their changes come in where the reader changed nothing.
 *
 * @param base what the reader began with
 * @param theirs what the registry is now
 */
export function mergeDraft(base: EditDraft, theirs: EditDraft, draft: EditDraft): MergedDraft {
  const mine = changedFields(base, draft);
  const texts: Partial<Record<EditField, string>> = {};
  for (const field of mine) texts[field] = draft[field];
  return {
    draft: { ...theirs, ...texts, access: mine.includes('access') ? draft.access : theirs.access },
    clashes: mine.filter((field) => base[field] !== theirs[field] && draft[field] !== theirs[field]),
  };
}
