import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { OperatorError } from '../../domain/errors.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { Secret } from '../../domain/secret.ts';

/** `KEY_MANAGEMENT` is wrong. One line a fault: the field, and what to write there. No line holds a secret. */
export class KeyManagementConfigurationError extends OperatorError {
  override readonly name = 'KeyManagementConfigurationError';
}

const secret = z
  .string()
  .min(1)
  .transform((text) => new Secret(text));

const ADDRESS = 'must be a URL without a path and a user name, such as https://bao.example:8200';
const address = z
  .string({ error: ADDRESS })
  .refine((text) => {
    const url = parseUrl(text);
    return /^https?:$/.test(url?.protocol ?? '') && url?.origin === text.replace(/\/$/, '');
  }, ADDRESS)
  .transform((text) => text.replace(/\/$/, ''));

const PATH = 'must be the path of a mount, without / at its ends, such as kubernetes';
const mount = z.string({ error: PATH }).regex(/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/, PATH);
const NAMESPACE = 'must be the path of a namespace, such as team/ci';
const namespace = z.string({ error: NAMESPACE }).regex(/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*\/?$/, NAMESPACE);

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const auth = z.discriminatedUnion(
  'method',
  [
    z.strictObject({ method: z.literal('token'), token: secret }),
    z.strictObject({ method: z.literal('token-file'), tokenFile: z.string().min(1) }),
    z.strictObject({
      method: z.literal('kubernetes'),
      role: z.string().min(1),
      mount: mount.default('kubernetes'),
      tokenFile: z.string().min(1).default(SERVICE_ACCOUNT_TOKEN),
    }),
    z.strictObject({
      method: z.literal('approle'),
      roleId: z.string().min(1),
      mount: mount.default('approle'),
      secretIdFile: z.string().min(1),
    }),
  ],
  { error: 'must have a method: token, token-file, kubernetes or approle' },
);

const transit = z.strictObject({
  address,
  namespace: namespace.nullable().default(null),
  caCertificateFile: z.string().min(1).optional(),
  auth,
});

const accessKey = z
  .strictObject({
    accessKeyId: z.string().min(1),
    secretAccessKey: secret,
    sessionToken: secret.nullable().default(null),
  })
  .transform((given) => ({ kind: 'access-key' as const, ...given }));
const webIdentity = z
  .strictObject({
    roleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, 'must be the ARN of a role'),
    webIdentityTokenFile: z.string().min(1),
  })
  .transform((given) => ({ kind: 'web-identity' as const, ...given }));

const awsKms = z.strictObject({
  credentials: z.union([accessKey, webIdentity], {
    error: 'must have accessKeyId and secretAccessKey, or roleArn and webIdentityTokenFile',
  }),
  endpoint: address.nullable().default(null),
  stsEndpoint: address.nullable().default(null),
});

const settings = z.strictObject({ awsKms: awsKms.optional(), transit: transit.optional() });

export type AwsKmsSettings = z.output<typeof awsKms>;
export type WebIdentity = z.output<typeof webIdentity>;
export type TransitAuth = z.output<typeof auth>;
export interface TransitSettings extends Omit<z.output<typeof transit>, 'caCertificateFile'> {
  /** PEM, trusted beside Node's own list. */
  readonly caCertificate: string | null;
}
export interface KeyManagementSettings {
  readonly awsKms: AwsKmsSettings | undefined;
  readonly transit: TransitSettings | undefined;
}

/** Reads `KEY_MANAGEMENT`: a JSON object, or the path of a file with one. @throws KeyManagementConfigurationError */
export function parseKeyManagement(value: Secret | undefined): KeyManagementSettings {
  if (value === undefined) return { awsKms: undefined, transit: undefined };
  const text = value.reveal();
  const isInline = /^\s*[[{]/.test(text);
  const source = isInline ? 'KEY_MANAGEMENT' : `KEY_MANAGEMENT (${text})`;
  const result = settings.safeParse(parseJson(isInline ? text : readText(text, source), source));
  if (!result.success) {
    const faults = result.error.issues.map(
      ({ path, message }) => `${source}${path.map((part) => `.${String(part)}`).join('')}: ${message}`,
    );
    throw new KeyManagementConfigurationError([...new Set(faults)].join('\n'));
  }
  const { awsKms: aws, transit: given } = result.data;
  return { awsKms: aws, transit: given && withCertificate(given, source) };
}

function withCertificate({ caCertificateFile, ...rest }: z.output<typeof transit>, source: string): TransitSettings {
  const where = `${source}.transit.caCertificateFile`;
  const caCertificate = caCertificateFile === undefined ? null : readText(caCertificateFile, where);
  if (caCertificate !== null && !caCertificate.includes('-----BEGIN CERTIFICATE-----')) {
    throw new KeyManagementConfigurationError(`${where}: must be a file with certificates in PEM`);
  }
  return { ...rest, caCertificate };
}

function readText(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new KeyManagementConfigurationError(`${source}: the file ${path} cannot be read (${code})`);
  }
}

/** The parser's own message would quote a part of the text. */
function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyManagementConfigurationError(
      `${source}: is not JSON. Write an object such as {"transit":{"address":"https://bao.example:8200","auth":{"method":"kubernetes","role":"purser"}}}`,
    );
  }
}
