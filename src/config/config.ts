import { isAbsolute, resolve } from 'node:path';
import * as z from 'zod';
import { OperatorError } from '../domain/errors.ts';
import { type EventStoreConfig, eventStoreOf, UnusableAddress } from '../domain/event-store-url.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { Secret } from '../domain/secret.ts';
import { hosts, list, origins, trustedProxies } from './config-lists.ts';
import { checkInterval, checkIntervalMs, listed, OFF, retention } from './config-times.ts';
import { issuerUrl } from './issuer-url.ts';
import { reportUrl } from './report-url.ts';

/** A setting is missing or wrong. The message names every variable at fault and says what to set. */
export class ConfigurationError extends OperatorError {
  override readonly name = 'ConfigurationError';
}

const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must be a URL such as postgres://user:password@host:5432/purser')
  .optional();

const SOCKETS = 'must be a whole number from 1 to 10000, such as 1500 (the default)';
const ISSUES = 'must be a whole number, such as 600 (the default), or 0 for no limit';
const COST = 'must be a whole number, such as 250000 (the default), or 0 for no limit';
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

const port = z.coerce
  .number('must be a port number')
  .int('must be a whole number')
  .min(0, 'must be a port from 0 (any free one) to 65535')
  .max(65_535, 'must be a port from 0 (any free one) to 65535');

const exporter = z.enum(['otlp', 'none'], 'must be otlp (the default) or none').default('otlp');

const toSecret = (text: string) => new Secret(text);
const secret = z.string().min(1).transform(toSecret).optional();

const environment = z.object({
  // Another value may be meant for production, which would then accept tokens of the development issuer.
  NODE_ENV: z
    .enum(['production', 'development', 'test'], 'must be production or development (the default)')
    .default('development'),
  PORT: port.default(4000),
  HOST: z.string().optional(),
  METRICS_PORT: port.optional(),
  METRICS_HOST: z.string().optional(),
  DATABASE_URL: databaseUrl,
  READ_DATABASE_URL: databaseUrl,
  EVENT_STORE_URL: z.string().optional(),
  EVENT_STORE_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,30}$/, 'must be lower-case letters, digits and underscores, such as purser (the default)')
    .default('purser'),
  PURSER_DATA_DIR: z.string().min(1).default('.purser'),
  MASTER_KEY_FILE: z.string().min(1).optional(),
  KEY_MANAGEMENT: secret,
  JWT_ISSUERS: z.string().min(1).optional(),
  WEBHOOKS: secret,
  WOODPECKER_SERVERS: z.string().min(1).optional(),
  WORKLOAD_ISSUER_URL: issuerUrl,
  REVOKED_TOKENS_FILE: z.string().min(1).optional(),
  AUDIT_ANCHOR_FILE: z.string().min(1).optional(),
  AUDIT_ANCHOR_URL: z
    .string()
    .refine(
      (text) => /^https?:$/.test(parseUrl(text)?.protocol ?? '') && parseUrl(text)?.username === '',
      'must be a URL without a user name, such as https://anchor.example/heads',
    )
    .transform(toSecret)
    .optional(),
  AUDIT_ANCHOR_AUTHORIZATION: z
    .string()
    .regex(
      /^[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?$/,
      'must be the value of one header, such as Bearer and a token',
    )
    .transform(toSecret)
    .optional(),
  EGRESS_ALLOW: list,
  EGRESS_PROXY: secret,
  PLAIN_HTTP_HOSTS: hosts,
  TRUSTED_REALMS: hosts,
  HEALTH_CHECK_INTERVAL: checkInterval,
  LEASE_RETENTION: listed,
  NOTICE_RETENTION: listed,
  AUDIT_RETENTION: retention(OFF, '365d, or off (the default)'),
  CALLER_COST_PER_SECOND: z.coerce.number(COST).int(COST).min(0, COST).default(250_000),
  SOCKETS_PER_CALLER: z.coerce.number(SOCKETS).int(SOCKETS).min(1, SOCKETS).max(10_000, SOCKETS).default(1_500),
  CALLER_ISSUES_PER_MINUTE: z.coerce.number(ISSUES).int(ISSUES).min(0, ISSUES).default(600),
  CORS_ORIGINS: origins,
  CONSOLE: z.enum(['on', OFF], 'must be on (the default) or off').default('on'),
  CONSOLE_OIDC: z.string().min(1).optional(),
  CONSOLE_REPORT_URL: reportUrl,
  TRUST_PROXY: trustedProxies,
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    )
    .default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? ''), 'must be a URL such as http://collector:4318')
    .optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'], 'must be http/protobuf, which collectors take on port 4318, or be left unset')
    .default('http/protobuf'),
  OTEL_TRACES_EXPORTER: exporter,
  OTEL_METRICS_EXPORTER: exporter,
  OTEL_METRIC_EXPORT_INTERVAL: z.coerce
    .number('must be a number of milliseconds')
    .int('must be a whole number of milliseconds')
    .min(1_000, 'must be 1000 milliseconds or more')
    .max(3_600_000, 'must be 3600000 milliseconds (an hour) or less')
    .default(60_000),
});

/** The variables that the service reads. */
export const VARIABLES: readonly string[] = Object.keys(environment.shape);

export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Where metrics are served apart from the API. Undefined: with it. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** Undefined: the embedded Postgres in the data folder. */
  readonly databaseUrl: string | undefined;
  /** The hot standby that queries go to. Undefined: all go to the database. */
  readonly readDatabaseUrl: string | undefined;
  readonly eventStore: EventStoreConfig;
  /** What the names of streams in a KurrentDB begin with. */
  readonly eventStorePrefix: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined outside production: the service creates one in the data folder. */
  readonly masterKeyFile: string | undefined;
  /** The services that keep external keys, with the logins there. Undefined: none. */
  readonly keyManagement: Secret | undefined;
  /** Undefined outside production: the development issuer. */
  readonly jwtIssuers: string | undefined;
  /** Where notices are sent to, with the secrets that sign them. Undefined: nowhere. */
  readonly webhooks: Secret | undefined;
  /** A JSON array, or the path of a file with one. */
  readonly woodpeckerServers: string | undefined;
  /** The issuer of the tokens in which this service says to clouds who it is. Undefined: it makes none. */
  readonly workloadIssuerUrl: string | undefined;
  /** Undefined: no token is revoked. */
  readonly revokedTokensFile: string | undefined;
  /** Where signed heads of audit logs are put outside the database. Undefined: nowhere. */
  readonly auditAnchorFile: string | undefined;
  /** Its path may be what gives access. */
  readonly auditAnchorUrl: Secret | undefined;
  /** What that URL is sent as `Authorization`. */
  readonly auditAnchorAuthorization: Secret | undefined;
  readonly egressAllow: readonly string[];
  /** Undefined: straight out. */
  readonly egressProxy: Secret | undefined;
  /** Variables that other programs take their proxy from. This service does not. */
  readonly ignoredProxyVariables: readonly string[];
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Token servers to which any registry may send logins. */
  readonly trustedRealms: ReadonlySet<string>;
  /** Milliseconds between two checks of a registry. Undefined: no checks. */
  readonly healthCheckIntervalMs: number | undefined;
  /** How long lists show a lease after its end, in milliseconds. Undefined: always. */
  readonly leaseRetentionMs: number | undefined;
  /** The same of notices, and how long their cursors are good for. */
  readonly noticeRetentionMs: number | undefined;
  /** How long lists show audit entries that are in an archive, in milliseconds. Undefined: until `purser archive` is run. */
  readonly auditRetentionMs: number | undefined;
  /** What one caller's operations may cost a second, in each process; 0 for no limit. */
  readonly callerCostPerSecond: number;
  /** WebSockets of one caller, in each process. */
  readonly socketsPerCaller: number;
  /** Credentials that one caller may ask for in a project, in each process; 0 for no limit. */
  readonly callerIssuesPerMinute: number;
  readonly corsOrigins: readonly string[];
  /** Whether the web console is served. */
  readonly console: boolean;
  /** Where people sign in to the console: a JSON object, or the path of a file with one. Undefined: nowhere. */
  readonly consoleOidc: string | undefined;
  /** Where browsers report what the console's content security policy refused. Undefined: nowhere. */
  readonly consoleReportUrl: string | undefined;
  /** The proxies whose `X-Forwarded-For` is trusted: addresses and networks, or their number. Default: none. */
  readonly trustedProxies: readonly string[] | number;
  readonly logLevel: string;
  /** Where traces and metrics are exported to. Undefined: nowhere. */
  readonly otlp: OtlpConfig | undefined;
}

export interface OtlpConfig {
  /** The collector's base address. */
  readonly endpoint: string;
  readonly traces: boolean;
  /** Milliseconds between two exports of metrics. Undefined: none. */
  readonly metricsEveryMs: number | undefined;
}

/**
 * Reads the environment once. An empty variable counts as unset.
 * @throws ConfigurationError
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'),
    );
  }
  const values = parsed.data;
  const production = values.NODE_ENV === 'production';
  if (production) requireForProduction(values);
  requireWith(values, 'METRICS_HOST', 'METRICS_PORT');
  requireWith(values, 'AUDIT_ANCHOR_AUTHORIZATION', 'AUDIT_ANCHOR_URL');
  requireWith(values, 'READ_DATABASE_URL', 'DATABASE_URL');
  requireOtherServer(values);
  const host = values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  return {
    production,
    host,
    port: values.PORT,
    metrics: metricsAddress(values, host),
    databaseUrl: values.DATABASE_URL,
    readDatabaseUrl: values.READ_DATABASE_URL,
    eventStore: eventStore(values),
    eventStorePrefix: values.EVENT_STORE_PREFIX,
    dataDir: absolute(values.PURSER_DATA_DIR),
    masterKeyFile: values.MASTER_KEY_FILE === undefined ? undefined : absolute(values.MASTER_KEY_FILE),
    keyManagement: values.KEY_MANAGEMENT,
    jwtIssuers: values.JWT_ISSUERS,
    webhooks: values.WEBHOOKS,
    woodpeckerServers: values.WOODPECKER_SERVERS,
    workloadIssuerUrl: values.WORKLOAD_ISSUER_URL,
    revokedTokensFile: values.REVOKED_TOKENS_FILE === undefined ? undefined : absolute(values.REVOKED_TOKENS_FILE),
    auditAnchorFile: values.AUDIT_ANCHOR_FILE === undefined ? undefined : absolute(values.AUDIT_ANCHOR_FILE),
    auditAnchorUrl: values.AUDIT_ANCHOR_URL,
    auditAnchorAuthorization: values.AUDIT_ANCHOR_AUTHORIZATION,
    egressAllow: values.EGRESS_ALLOW,
    egressProxy: values.EGRESS_PROXY,
    ignoredProxyVariables: PROXY_VARIABLES.filter((name) => Object.hasOwn(given, name)),
    plainHttpHosts: values.PLAIN_HTTP_HOSTS,
    trustedRealms: values.TRUSTED_REALMS,
    healthCheckIntervalMs: checkIntervalMs(values.HEALTH_CHECK_INTERVAL, production),
    leaseRetentionMs: values.LEASE_RETENTION,
    noticeRetentionMs: values.NOTICE_RETENTION,
    auditRetentionMs: values.AUDIT_RETENTION,
    callerCostPerSecond: values.CALLER_COST_PER_SECOND,
    socketsPerCaller: values.SOCKETS_PER_CALLER,
    callerIssuesPerMinute: values.CALLER_ISSUES_PER_MINUTE,
    corsOrigins: values.CORS_ORIGINS,
    console: values.CONSOLE !== OFF,
    consoleOidc: values.CONSOLE_OIDC,
    consoleReportUrl: values.CONSOLE_REPORT_URL,
    trustedProxies: values.TRUST_PROXY,
    logLevel: values.LOG_LEVEL,
    otlp: otlp(values),
  };
}

function otlp(values: z.infer<typeof environment>): Config['otlp'] {
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return undefined;
  const exportsMetrics = values.OTEL_METRICS_EXPORTER === 'otlp';
  return {
    endpoint,
    traces: values.OTEL_TRACES_EXPORTER === 'otlp',
    metricsEveryMs: exportsMetrics ? values.OTEL_METRIC_EXPORT_INTERVAL : undefined,
  };
}

function metricsAddress(
  { PORT, METRICS_PORT, METRICS_HOST }: z.infer<typeof environment>,
  host: string,
): Config['metrics'] {
  if (METRICS_PORT === undefined) return undefined;
  if (METRICS_PORT === PORT && PORT !== 0) {
    throw new ConfigurationError('METRICS_PORT is the same as PORT: set it to another port, such as 9464.');
  }
  return { host: METRICS_HOST ?? host, port: METRICS_PORT };
}

function requireForProduction(values: z.infer<typeof environment>): void {
  const missing = [
    values.JWT_ISSUERS === undefined &&
      'JWT_ISSUERS is not set: give the issuers to trust, as a JSON array or the path of a JSON file with [{"issuer", "audience", "jwksUri"}].',
    values.MASTER_KEY_FILE === undefined &&
      'MASTER_KEY_FILE is not set: give the path of the key file that secrets are sealed with; only the service may be able to read it.',
  ].filter((sentence) => sentence !== false);
  if (missing.length > 0) throw new ConfigurationError(missing.join('\n'));
}

/** A setting without another one that it belongs to would have no effect, unnoticed. */
function requireWith(
  values: z.infer<typeof environment>,
  setting: keyof typeof values,
  owner: keyof typeof values,
): void {
  if (values[setting] === undefined || values[owner] !== undefined) return;
  throw new ConfigurationError(`${setting} has an effect with ${owner} only: set ${owner} as well.`);
}

/** Other names for the same server are found when it is asked. */
function requireOtherServer({ DATABASE_URL, READ_DATABASE_URL }: z.infer<typeof environment>): void {
  if (DATABASE_URL === undefined || READ_DATABASE_URL === undefined) return;
  if (serverOf(DATABASE_URL) !== serverOf(READ_DATABASE_URL)) return;
  throw new ConfigurationError(
    'READ_DATABASE_URL names the server of DATABASE_URL: name a hot standby of it, or leave it unset.',
  );
}

/** Host and port; the whole text if it is no URL, as where the host is a folder with a socket. */
function serverOf(url: string): string {
  const parsed = parseUrl(url);
  return parsed === undefined || parsed.searchParams.has('host')
    ? url
    : `${parsed.hostname.toLowerCase()}:${parsed.port || '5432'}`;
}

function eventStore(values: z.infer<typeof environment>): EventStoreConfig {
  try {
    return eventStoreOf(values.EVENT_STORE_URL, values.EVENT_STORE_PREFIX, values.DATABASE_URL);
  } catch (error) {
    if (!(error instanceof UnusableAddress)) throw error;
    throw new ConfigurationError(`EVENT_STORE_URL ${error.message}.`);
  }
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
