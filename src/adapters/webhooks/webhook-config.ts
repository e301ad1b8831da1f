import { createHash, X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { OperatorError } from '../../domain/errors.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { isReadableName } from '../../domain/readable-name.ts';
import { usesPlainHttp } from '../../domain/registry-url.ts';
import { Secret } from '../../domain/secret.ts';
import { MAX_WEBHOOKS, type Webhook } from '../../domain/webhook.ts';
import { NOTICE_KINDS } from '../../domain/webhook-event.ts';
import { signingSecretFault } from '../../domain/webhook-signature.ts';
import { entryFault, readJsonSetting } from '../settings/json-setting.ts';

/** `WEBHOOKS` is wrong. One line a fault: the entry, the field, and what to write there. No line holds a URL or a secret. */
export class WebhookConfigurationError extends OperatorError {
  override readonly name = 'WebhookConfigurationError';
}

const MAX_URL_LENGTH = 2_048;
const AUTHORITY = /^https?:\/\/(?<authority>[^/\\?#]+)(?:[/?]|$)/i;
const EXAMPLE =
  '[{"name":"chat","url":"https://chat.example/hooks/1","secret":"whsec_…","projects":["demo"],"kinds":["EXPIRING"]}]';

const NAME =
  'must be a name of 1 to 63 lower-case letters, digits and hyphens, such as chat: deliveries are kept under it';
const name = z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9-]{0,62}$/, NAME);

const SECRET = 'must be a signing key such as whsec_…, or an array of one or two, the new one first';
const secrets = z.unknown().transform((given, context): readonly Secret[] => {
  const texts = Array.isArray(given) ? given : [given];
  const isFit = texts.length >= 1 && texts.length <= 2 && texts.every((text) => typeof text === 'string');
  const all = isFit ? texts.map((text) => new Secret(text)) : [];
  const fault = isFit ? all.map(signingSecretFault).find((found) => found !== undefined) : SECRET;
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  return all;
});

const PROJECTS = 'must be "all", or a non-empty array of ids of projects';
const projects = z
  .union([z.literal('all'), z.array(z.string().refine(isReadableName, PROJECTS)).min(1, PROJECTS)], { error: PROJECTS })
  .transform((given) => (given === 'all' ? null : given));

const KINDS = `must be "all" (the default), or a non-empty array of ${NOTICE_KINDS.join(', ')}`;
const kinds = z
  .union([z.literal('all'), z.array(z.enum(NOTICE_KINDS, KINDS)).min(1, KINDS)], { error: KINDS })
  .default('all')
  .transform((given) => (given === 'all' ? null : given));

const CERTIFICATE = 'must be one or more certificates as PEM text, or absent';
const caCertificate = z
  .string({ error: CERTIFICATE })
  .refine(isCertificate, CERTIFICATE)
  .optional()
  .transform((given) => given ?? null);

/**
 * Reads `WEBHOOKS`: a JSON array, or the path of a file with one.
 * @throws WebhookConfigurationError
 */
export function parseWebhooks(value: Secret, plainHttpHosts: ReadonlySet<string>): readonly Webhook[] {
  return readJsonSetting(value.reveal(), {
    name: 'WEBHOOKS',
    schema: webhooksSchema(plainHttpHosts),
    example: EXAMPLE,
    fault: (message, options) => new WebhookConfigurationError(message, options),
  });
}

function webhooksSchema(plainHttpHosts: ReadonlySet<string>) {
  const url = z
    .string({ error: 'must be a URL such as https://chat.example/hooks/1' })
    .superRefine((text, context) => {
      const fault = urlFault(text, plainHttpHosts);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .transform((text) => new Secret(text));
  const fields = { name, url, secret: secrets, projects, kinds, caCertificate };
  const known = { what: `, as in ${EXAMPLE}`, fields: Object.keys(fields) };
  const entry = z.strictObject(fields, { error: (issue) => entryFault(issue, known) }).transform(toWebhook);
  return z
    .array(entry, { error: 'must be a JSON array: put the entry in [ ]' })
    .max(MAX_WEBHOOKS, `must have at most ${MAX_WEBHOOKS} entries`)
    .superRefine((entries, context) => {
      entries.forEach((webhook, index) => {
        if (entries.findIndex((other) => other.name === webhook.name) === index) return;
        const message = `${webhook.name} is listed twice: give each entry its own name`;
        context.addIssue({ code: 'custom', path: [index, 'name'], message });
      });
    });
}

interface Entry extends Pick<Webhook, 'name' | 'url' | 'projects' | 'kinds' | 'caCertificate'> {
  readonly secret: readonly Secret[];
}

function toWebhook({ secret: given, ...rest }: Entry): Webhook {
  const [first, ...others] = given;
  if (first === undefined) throw new Error('the schema lets no entry without a secret through');
  const fingerprint = createHash('sha256');
  for (const part of [rest.url, first, ...others]) fingerprint.update(`${part.reveal()}\n`);
  return {
    ...rest,
    secrets: [first, ...others],
    host: parseUrl(rest.url.reveal())?.host ?? '',
    fingerprint: fingerprint.digest('hex'),
  };
}

/** The guard refuses what is refused here, but only when a notice is sent. */
function urlFault(text: string, plainHttpHosts: ReadonlySet<string>): string | undefined {
  const url = parseUrl(text);
  if (url === undefined || text.length > MAX_URL_LENGTH) {
    return `must be an absolute URL of at most ${MAX_URL_LENGTH} characters, such as https://chat.example/hooks/1`;
  }
  if (url.username !== '' || url.password !== '') return 'must not contain a username or password: the secret signs';
  if (url.hash !== '') return 'must not contain a fragment (#…)';
  if (url.protocol === 'http:' && !usesPlainHttp(url.host, plainHttpHosts)) {
    return `must begin with https://, unless PLAIN_HTTP_HOSTS names its host: ${url.host}`;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  const typed = AUTHORITY.exec(text)?.groups?.authority?.toLowerCase().replace(/:\d*$/, '');
  return typed === url.hostname ? undefined : `must write its host in the canonical form: ${url.hostname}`;
}

/** The first of several counts: the guard reads all of them, and says so if one is wrong. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
