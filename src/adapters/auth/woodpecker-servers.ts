import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { OperatorError } from '../../domain/errors.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { entryFault, readJsonSetting } from '../settings/json-setting.ts';
import { isProjectId } from './claims.ts';

/** A Woodpecker CI server whose pipelines may be issued credentials. */
export interface WoodpeckerServer {
  /** What leases and the audit log call it; nothing is sent there. */
  readonly url: string;
  readonly publicKey: KeyObject;
  /** Those that its pipelines may pull for. None: the trust rules of projects say what each pipeline may pull. */
  readonly projects?: readonly string[] | undefined;
}

/** `WOODPECKER_SERVERS` is wrong. The message has one line a fault: the entry, the field, and what to write there. */
export class WoodpeckerConfigurationError extends OperatorError {
  override readonly name = 'WoodpeckerConfigurationError';
}

const MAX_SERVERS = 20;
const EXAMPLE =
  '[{"url":"https://ci.example","publicKey":"-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----","projects":["demo"]}]';

const URL_FAULT = 'must be the address of the server, such as https://ci.example';
const url = z.string({ error: URL_FAULT }).refine((text) => isAddress(text), URL_FAULT);

const KEY_FAULT =
  'must be the Ed25519 key, as PEM text, that the server shows at /api/signature/public-key (its lines may end in \\n)';
const publicKey = z.string({ error: KEY_FAULT }).transform((text, context): KeyObject => {
  const key = ed25519Key(text);
  if (key !== undefined) return key;
  context.addIssue({ code: 'custom', message: KEY_FAULT });
  return z.NEVER;
});

const PROJECTS = 'must be a non-empty array of ids of projects';
const projects = z.array(z.string().refine(isProjectId, PROJECTS), { error: PROJECTS }).min(1, PROJECTS);

const grants = z.literal('rules', { error: 'must be "rules", or left out if the entry has projects' });

const FIELDS = { url, publicKey, projects: projects.optional(), grants: grants.optional() };
const ENTRY = { what: `, as in ${EXAMPLE}`, fields: Object.keys(FIELDS) };
const servers = z
  .array(z.strictObject(FIELDS, { error: (issue) => entryFault(issue, ENTRY) }).superRefine(requireOneGrant), {
    error: 'must be a JSON array: put the entry in [ ]',
  })
  .max(MAX_SERVERS, `must have at most ${MAX_SERVERS} entries`)
  .superRefine((entries, context) => {
    entries.forEach((server, index) => {
      const first = entries.findIndex((other) => other.url === server.url || other.publicKey.equals(server.publicKey));
      if (first === index) return;
      const message = `${server.url} has the address or the key of another entry: merge them, with all projects`;
      context.addIssue({ code: 'custom', path: [index], message });
    });
  });

function requireOneGrant(entry: { readonly projects?: unknown; readonly grants?: unknown }, context: z.RefinementCtx) {
  if ((entry.projects === undefined) !== (entry.grants === undefined)) return;
  const message =
    entry.grants === undefined
      ? 'must be a non-empty array of ids of projects; or leave it out, and set grants to "rules"'
      : 'must be left out where grants is "rules": the trust rules of projects say what pipelines may pull';
  context.addIssue({ code: 'custom', path: ['projects'], message });
}

/**
 * Reads `WOODPECKER_SERVERS`: a JSON array, or the path of a file with one.
 * @throws WoodpeckerConfigurationError
 */
export function parseWoodpeckerServers(value: string): readonly WoodpeckerServer[] {
  return readJsonSetting(value, {
    name: 'WOODPECKER_SERVERS',
    schema: servers,
    example: EXAMPLE,
    fault: (message, options) => new WoodpeckerConfigurationError(message, options),
  });
}

function isAddress(text: string): boolean {
  const parsed = parseUrl(text);
  return /^https?:$/.test(parsed?.protocol ?? '') && parsed?.username === '' && text.length <= 255;
}

function ed25519Key(pem: string): KeyObject | undefined {
  // A private key would be turned into its public one, and stay in a file that many may read.
  if (!pem.includes('BEGIN PUBLIC KEY')) return undefined;
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
