import { parseUuid, registryId } from './identity.ts';
import { registryUrlOfImage } from './image-reference.ts';
import { parseRegistryUrl } from './registry-url.ts';
import type { Secret } from './secret.ts';
import { hasHiddenCharacters, isWellFormed } from './text-rules.ts';

const MAX_LENGTH = 255;
/** An argument or an input field, such as `mint.kind` or `input[3].image`: the schema's names, never a value. */
const FIELD = /^[A-Za-z_]\w*(?:\[\d{1,5}\])?(?:\.[A-Za-z_]\w*(?:\[\d{1,5}\])?)*$/;

/** What a refused attempt asked for, as it was entered. */
export interface Entered {
  readonly registryId?: string | undefined;
  readonly leaseId?: string | undefined;
  /** People paste URLs and images with a password in them. */
  readonly url?: Secret | undefined;
  readonly image?: Secret | undefined;
  readonly pipeline?: string | undefined;
  readonly runId?: string | undefined;
  /** The field of the input at fault. */
  readonly field?: string | undefined;
}

/** The same, fit for the audit log; null where nothing was entered, or nothing that may be recorded. */
export interface AskedFor {
  readonly registryId: string | null;
  readonly leaseId: string | null;
  readonly url: string | null;
  readonly image: string | null;
  readonly pipeline: string | null;
  readonly runId: string | null;
  readonly field: string | null;
}

export const ASKED_FOR_NOTHING: AskedFor = {
  registryId: null,
  leaseId: null,
  url: null,
  image: null,
  pipeline: null,
  runId: null,
  field: null,
};

interface Options {
  readonly plainHttpHosts: ReadonlySet<string>;
}

/**
 * URLs are recorded in their canonical form, and images only if they can be read (at most 1,024 characters): neither form
 * has room for a password.
 * Other texts are cut to 255 characters, and what is invisible in them is escaped.
 */
export function askedFor(projectId: string, entered: Entered, options: Options): AskedFor {
  const { url, image } = registryAskedFor(entered, options);
  return {
    registryId: idOrNull(entered.registryId) ?? (url === null ? null : registryId(projectId, url)),
    leaseId: idOrNull(entered.leaseId),
    url,
    image,
    pipeline: recordable(entered.pipeline),
    runId: recordable(entered.runId),
    field: fieldOrNull(entered.field),
  };
}

/** What both ask for; null where they differ. */
export function inCommon(one: AskedFor, other: AskedFor): AskedFor {
  return {
    registryId: common(one.registryId, other.registryId),
    leaseId: common(one.leaseId, other.leaseId),
    url: common(one.url, other.url),
    image: common(one.image, other.image),
    pipeline: common(one.pipeline, other.pipeline),
    runId: common(one.runId, other.runId),
    field: common(one.field, other.field),
  };
}

export function common<Value>(one: Value, other: Value): Value | null {
  return one === other ? one : null;
}

function registryAskedFor({ url, image }: Entered, options: Options): Pick<AskedFor, 'url' | 'image'> {
  try {
    if (url !== undefined) return { url: parseRegistryUrl(url.reveal(), options).url, image: null };
    if (image === undefined) return { url: null, image: null };
    const { url: ofImage, repository } = registryUrlOfImage(image.reveal(), options);
    return { url: ofImage, image: repository === undefined ? null : image.reveal().trim() };
  } catch {
    return { url: null, image: null };
  }
}

function fieldOrNull(field: string | undefined): string | null {
  return field !== undefined && field.length <= MAX_LENGTH && FIELD.test(field) ? field : null;
}

/** A requested id can be any text; only a valid id is worth recording. */
function idOrNull(entered: string | undefined): string | null {
  return entered === undefined ? null : (parseUuid(entered) ?? null);
}

/** A refused text can be anything: this cuts it by characters and escapes the invisible ones. */
function recordable(text: string | undefined): string | null {
  if (text === undefined) return null;
  return [...text.slice(0, 2 * MAX_LENGTH)]
    .slice(0, MAX_LENGTH)
    .map((character) => (hasHiddenCharacters(character) || !isWellFormed(character) ? escaped(character) : character))
    .join('');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
