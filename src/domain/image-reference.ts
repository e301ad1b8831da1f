import { badUserInput } from './errors.ts';
import { DOCKER_HUB, OFFICIAL_IMAGES } from './providers/docker-hub.ts';
import { serverAddress } from './providers.ts';
import { CLIENT_SCHEMES, FORMER_HOSTS, parseRegistryUrl, type RegistryUrlOptions } from './registry-url.ts';

/** An image reference with the usual defaults filled in. */
export interface ImageReference {
  /** `host[:port]` as it was typed, in lower case; `docker.io` if the image names no host. */
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const FIELD = 'image';
export const MAX_IMAGE_LENGTH = 1024;
const MAX_REPOSITORY_LENGTH = 255;

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
/** Docker takes this for an image's id, so it cannot name a repository. */
const IMAGE_ID = /^[0-9a-f]{64}$/;
/** A domain name, an IPv4 or a bracketed IPv6 address, with or without a port. */
const DOMAIN =
  /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::[0-9]{1,5})?$/;

/**
 * Reads a reference as Docker does (the grammar and the normalising rules of the distribution project's `reference`):
 * the first component is a host only if it has a dot or a colon, is `localhost`, or has an upper-case letter.
 * @throws PurserError BAD_USER_INPUT on `image`
 */
export function parseImageReference(image: string): ImageReference {
  if (image.length > MAX_IMAGE_LENGTH) {
    throw badUserInput(FIELD, `The image reference must have at most ${MAX_IMAGE_LENGTH} characters.`);
  }
  const { host: typedHost, remainder } = splitHost(image);
  const host = typedHost === undefined || typedHost === 'index.docker.io' ? DOCKER_HUB : typedHost;
  if (!DOMAIN.test(host)) {
    throw badUserInput(FIELD, 'The image reference begins with something that is not a host name.');
  }
  const { name, tag, digest } = splitSuffixes(remainder);
  const repository = host === DOCKER_HUB && !name.includes('/') ? `${OFFICIAL_IMAGES}/${name}` : name;
  if (!REPOSITORY.test(name) || IMAGE_ID.test(image)) {
    throw badUserInput(
      FIELD,
      'The image must be written [host[:port]/]repository[:tag][@digest], its repository in lower case, such as registry.example.com:5000/team/app:1.0.',
    );
  }
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    throw badUserInput(FIELD, `The image's repository must have at most ${MAX_REPOSITORY_LENGTH} characters.`);
  }
  if (tag !== undefined && !TAG.test(tag)) {
    throw badUserInput(FIELD, "The image's tag must be at most 128 letters, digits, `_`, `.` and `-`.");
  }
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw badUserInput(
      FIELD,
      "The image's digest must be an algorithm and its lower-case hex, such as sha256:… with 64 digits.",
    );
  }
  return { host, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

function splitHost(image: string): { host: string | undefined; remainder: string } {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  if (!namesHost(first)) return { host: undefined, remainder: image };
  return { host: first.toLowerCase(), remainder: image.slice(slash + 1) };
}

function namesHost(component: string): boolean {
  return /[.:]/.test(component) || component === 'localhost' || component !== component.toLowerCase();
}

function splitSuffixes(remainder: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = remainder.indexOf('@');
  const tagged = at < 0 ? remainder : remainder.slice(0, at);
  const colon = tagged.indexOf(':');
  return {
    name: colon < 0 ? tagged : tagged.slice(0, colon),
    tag: colon < 0 ? undefined : tagged.slice(colon + 1),
    digest: at < 0 ? undefined : remainder.slice(at + 1),
  };
}

export interface ImageRegistry {
  /** Canonical `host[:port]`. */
  readonly url: string;
  /** The key under which clients look up the credential: the host as the text has it, not the canonical one. */
  readonly serverAddress: string;
  /** Absent if only a registry was named. */
  readonly repository?: string;
  /** Why this registry was chosen, as a sentence. */
  readonly reason: string;
}

/**
 * Finds the registry that an image reference, or a registry's URL in any spelling, means. The two overlap if there is
 * no path. The rules are:
 * - `docker://` and `oci://` are left out, and the reference behind them is read;
 * - a text with a scheme, or with only `/`, `/v1` or `/v2` after its host, is a registry;
 * - one word alone is a registry if it is `localhost`, has a dot (`ghcr.io`, `127.0.0.1:5000`) or is an IPv6 address,
 *   with or without a port: no official image has such a name;
 * - any other word alone is an official image of Docker Hub (`alpine`, `node:20`). This includes `registry:5000`: to
 *   mean the registry on that host, write `https://registry:5000` or `registry:5000/`;
 * - everything else is an image reference, and its first component gives the host by Docker's rules.
 *
 * The whole host is compared, never its beginning or end.
 * @throws PurserError BAD_USER_INPUT on `image`
 */
export function registryUrlOfImage(
  imageOrUrl: string,
  options: Pick<RegistryUrlOptions, 'plainHttpHosts'>,
): ImageRegistry {
  const text = imageOrUrl.trim();
  if (text === '') throw badUserInput(FIELD, "Enter an image reference or a registry's host.");
  if (text.length > MAX_IMAGE_LENGTH) {
    throw badUserInput(FIELD, `The image reference must have at most ${MAX_IMAGE_LENGTH} characters.`);
  }
  const { scheme, authority, path } = partsOf(text);
  const url = () =>
    FORMER_HOSTS.get(authority.toLowerCase()) ?? parseRegistryUrl(scheme + authority, { ...options, field: FIELD }).url;

  const named = scheme !== '' || (path === '' ? standsForRegistry(authority) : namesHost(authority));
  if (named && /^(?:\/v[12])?\/*$/.test(path)) {
    const registry = url();
    return {
      url: registry,
      serverAddress: serverAddress(registry, DOMAIN.test(authority.toLowerCase()) ? authority : registry),
      reason: `\`${registry}\` is the registry that was asked for.`,
    };
  }
  const { repository } = parseImageReference(hosted(scheme, authority, path));
  const registry = named ? url() : DOCKER_HUB;
  const reason = named
    ? `\`${registry}\` is the registry that the image names.`
    : `The image names no registry, which means ${DOCKER_HUB}.`;
  return { url: registry, serverAddress: serverAddress(registry, named ? authority : registry), repository, reason };
}

/** Null if the text names only a registry, or nothing that can be read. */
export function repositoryOfImage(image: string): string | null {
  try {
    return registryUrlOfImage(image, { plainHttpHosts: new Set() }).repository ?? null;
  } catch {
    return null;
  }
}

interface Parts {
  /** Empty, or with `://`. */
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

const PARTS = /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?<authority>[^/]*)(?<path>.*)$/s;

function partsOf(text: string): Parts {
  const { scheme, authority = '', path = '' } = PARTS.exec(text)?.groups ?? {};
  if (scheme === undefined) return { scheme: '', authority, path };
  if (!CLIENT_SCHEMES.has(scheme.toLowerCase())) return { scheme: `${scheme}://`, authority, path };
  // Only a host follows `oci://`; `docker://` is also written before an image of Docker Hub.
  const isHost = scheme.toLowerCase() === 'oci' && path === '';
  return { scheme: isHost ? 'https://' : '', authority, path };
}

const ALONE = /^(?:localhost|\[[^\]]*\]|[^:@]*\.[^:@]*)(?:[:@]|$)/i;

function standsForRegistry(word: string): boolean {
  return ALONE.test(word);
}

/** A host follows a scheme, even if Docker would read the same word as a user on Docker Hub. */
function hosted(scheme: string, authority: string, path: string): string {
  return scheme === '' || namesHost(authority) ? authority + path : `${authority}:443${path}`;
}
