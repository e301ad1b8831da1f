import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { PurserError } from '../../domain/errors.ts';
import { parseRegistryUrl } from '../../domain/registry-url.ts';
import { Secret } from '../../domain/secret.ts';
import { isOtherKey } from '../../domain/server-url.ts';
import { UsageError } from '../command.ts';

export interface ImportedLogin {
  /** As the file names it. */
  readonly key: string;
  /** Canonical. */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
}

/** What the file has and Purser cannot take. */
export interface RefusedEntry {
  readonly key: string;
  readonly reason: string;
}

export interface ImportSource {
  readonly logins: readonly ImportedLogin[];
  readonly refused: readonly RefusedEntry[];
}

/** Characters; far more than any such file has. */
export const MAX_SOURCE = 1_048_576;

const text = z.string().optional();
const entryData = z.object({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text });
const auths = z.record(z.string(), entryData);
const configData = z.object({
  auths: auths.optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: text,
});
type Config = z.infer<typeof configData>;

const values = z.record(z.string(), z.string()).nullish();
const secretData = z.object({ kind: z.literal('Secret'), data: values, stringData: values });
const listData = z.object({ kind: z.enum(['List', 'SecretList']), items: z.array(z.unknown()) });

/**
 * Reads a `config.json` of docker or podman, which GitLab's DOCKER_AUTH_CONFIG is too, or Secrets of Kubernetes, as JSON or YAML.
 * @throws UsageError if the text is none of them; it never quotes the text
 */
export function readImportSource(source: string): ImportSource {
  if (source.length > MAX_SOURCE) throw new UsageError('The file is too large to be one of logins.');
  const entries = parsed(source).flatMap(configsOf).map(entriesOf);
  const logins = entries.flatMap((each) => each.logins);
  const refused = entries.flatMap((each) => each.refused);
  if (logins.length + refused.length === 0) throw new UsageError('The file names no registry.');
  return withoutRivals(logins, refused);
}

function parsed(source: string): unknown[] {
  const documents = parseAllDocuments(source, { prettyErrors: true });
  // An error's message shows the line, with what is secret in it.
  const fault = documents.flatMap(({ errors }) => errors)[0];
  if (fault) throw new UsageError(`The file is neither JSON nor YAML: see its line ${fault.linePos?.[0].line ?? 1}.`);
  try {
    return documents.map((document) => document.toJS());
  } catch {
    throw new UsageError('The file is no YAML that can be read: its aliases are too many, or lead nowhere.');
  }
}

function configsOf(document: unknown): Config[] {
  const list = listData.safeParse(document);
  if (list.success) return list.data.items.flatMap(configsOf);
  const secret = secretData.safeParse(document);
  if (secret.success) return configsOfSecret(secret.data);
  const config = configData.safeParse(document);
  if (config.success) return [config.data];
  throw new UsageError('The file is no config.json of docker, and no Secret of Kubernetes of type dockerconfigjson.');
}

/** Secrets of other types have neither key. */
function configsOfSecret({ data, stringData }: z.infer<typeof secretData>): Config[] {
  const content = (name: string) =>
    stringData?.[name] ?? (data?.[name] === undefined ? undefined : Buffer.from(data[name], 'base64').toString('utf8'));
  const config = content('.dockerconfigjson');
  const older = content('.dockercfg');
  return [
    ...(config === undefined ? [] : parsed(config).flatMap(configsOf)),
    // It is what later became `auths`.
    ...(older === undefined ? [] : parsed(older).flatMap((logins) => configsOf({ auths: logins }))),
  ];
}

function entriesOf({ auths: entries = {}, credHelpers = {}, credsStore }: Config): ImportSource {
  const read = Object.entries(entries)
    // `docker login` keeps other tokens of Docker Hub beside its registries.
    .filter(([key]) => !isOtherKey(key))
    .map(([key, entry]) => loginOf(key, entry, credHelpers[key] ?? credsStore));
  const named = new Set(Object.keys(entries));
  const helped = Object.entries(credHelpers).filter(([key]) => !named.has(key) && !isOtherKey(key));
  return {
    logins: read.filter((each) => 'url' in each),
    refused: [
      ...read.filter((each) => 'reason' in each),
      ...helped.map(([key, helper]) => ({ key, reason: keptBy(helper) })),
    ],
  };
}

function loginOf(
  key: string,
  entry: z.infer<typeof entryData>,
  helper: string | undefined,
): ImportedLogin | RefusedEntry {
  if (entry.identitytoken) {
    return {
      key,
      reason: 'It has an identity token, which only the program that got it can use. Make a password or token there.',
    };
  }
  if (entry.registrytoken) {
    return { key, reason: 'It has a registry token, which is valid for minutes only. Make a password or token there.' };
  }
  const [username, password] = entry.auth ? decoded(entry.auth) : [entry.username, entry.password];
  if (!username || !password) {
    return { key, reason: helper ? keptBy(helper) : 'It has no user name with a password.' };
  }
  try {
    return { key, url: canonical(key), username, password: new Secret(password) };
  } catch (error) {
    if (error instanceof PurserError) return { key, reason: error.message };
    throw error;
  }
}

function keptBy(helper: string): string {
  return `Its password is kept by docker-credential-${helper}, not in the file: use purser registries add.`;
}

/** Docker pads some passwords with zeros. */
function decoded(auth: string): readonly [username: string | undefined, password: string | undefined] {
  const pair = Buffer.from(auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? [undefined, undefined] : [pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, '')];
}

/** Whether plain http will do is the service's to say. @throws PurserError */
function canonical(key: string): string {
  const [, host = ''] = /^http:\/\/([^/]*)/i.exec(key) ?? [];
  return parseRegistryUrl(key, {
    plainHttpHosts: new Set([host.toLowerCase(), host.toLowerCase().replace(/:\d+$/, '')]),
  }).url;
}

/** Files name Docker Hub twice. The same login counts once; of different ones none is better than the other. */
function withoutRivals(logins: readonly ImportedLogin[], refused: readonly RefusedEntry[]): ImportSource {
  const byUrl = new Map<string, ImportedLogin[]>();
  for (const login of logins) byUrl.set(login.url, [...(byUrl.get(login.url) ?? []), login]);
  const groups = [...byUrl.values()];
  const agree = ([first, ...others]: ImportedLogin[]) =>
    others.every((each) => each.username === first?.username && each.password.reveal() === first.password.reveal());
  return {
    logins: groups.filter(agree).flatMap((group) => group.slice(0, 1)),
    refused: [
      ...refused,
      ...groups
        .filter((group) => !agree(group))
        .flatMap((group) =>
          group.map(({ key, url }) => ({ key, reason: `The file has different logins for ${url}: keep one.` })),
        ),
    ],
  };
}
