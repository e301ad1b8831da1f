/** Of `node:net` the domain uses `isIP`. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto', 'node:net', 'node:url', 'node:util'];
export const MODULES = {
  'pure builtins': (specifier: string) => PURE_BUILTINS.includes(specifier),
  'in memory': (specifier: string) => specifier.startsWith('node:') || specifier === 'lru-cache',
  builtins: (specifier: string) => specifier.startsWith('node:'),
  any: () => true,
} as const;

interface Arrows {
  /** Folders or files of `src`. A folder is meant without the folders in it, `folder/**` with them. */
  readonly to: readonly string[];
  readonly modules: keyof typeof MODULES;
}

const domain = (...others: string[]): Arrows => ({ to: ['domain', ...others], modules: 'pure builtins' });
const application = (...others: string[]): Arrows => ({
  to: ['application', 'application/ports', 'domain/**', ...others.map((room) => `application/${room}`)],
  modules: 'in memory',
});
const adapter = (...shared: string[]): Arrows => ({
  to: ['application/ports', 'domain/**', ...shared],
  modules: 'any',
});
const graphql = (...others: string[]): Arrows => ({ to: ['application/**', 'domain/**', ...others], modules: 'any' });
const http = (...others: string[]): Arrows => ({
  to: ['application/**', 'domain/**', 'graphql', 'graphql/paging', 'graphql/pipeline', 'package-folder.ts', ...others],
  modules: 'any',
});

/** Leases and audit entries show it, and rules are about it. */
const WORKLOAD_IDENTITY = 'graphql/trust/workload-identity.ts';

/**
 * What the files of a folder may import, besides each other. An entry of a file counts instead of that of its folder.
 * A folder or a file in `src` itself that has no entry may import nothing.
 */
export const ARROWS: Readonly<Record<string, Arrows>> = {
  domain: domain('domain/diagnoses', 'domain/mint-kinds', 'domain/providers', 'domain/trust'),
  'domain/diagnoses': domain('domain/providers'),
  'domain/mint-kinds': domain(),
  'domain/providers': domain('domain/mint-kinds'),
  'domain/trust': domain(),

  application: application(),
  'application/ports': { to: ['domain/**'], modules: 'in memory' },
  'application/log': application(),
  'application/trust': application('log'),
  // Recorded refusals name the rules that were asked.
  'application/audit': application('log', 'trust/trust.ts'),
  'application/credential': application('log'),
  'application/registry': application('log', 'credential'),
  'application/lease': application('log', 'credential', 'registry', 'trust'),
  'application/notices': application('log'),
  'application/doctor': application('log', 'audit', 'credential'),
  // They put the rooms together, or stand around all use cases.
  'application/create-application.ts': application('**'),
  'application/audited.ts': application('**'),
  'application/metered.ts': application('**'),
  'application/metered-ports.ts': application('audit'),

  'adapters/anchors': adapter('adapters/files'),
  'adapters/auth': adapter('adapters/settings'),
  'adapters/egress': adapter(),
  'adapters/event-log': adapter(),
  'adapters/files': adapter(),
  'adapters/kurrentdb': adapter('adapters/event-log'),
  // Amazon's SDK is closed in one way for minting and for keys.
  'adapters/key-management': adapter('adapters/vault', 'adapters/minting'),
  'adapters/minting': adapter(),
  'adapters/opentelemetry': adapter(),
  'adapters/prometheus': adapter(),
  'adapters/registry': adapter(),
  'adapters/vault': adapter('adapters/files'),
  'adapters/settings': adapter(),
  'adapters/webhooks': adapter('adapters/settings'),
  'adapters/postgres': adapter('adapters/event-log', 'package-folder.ts'),
  'adapters/postgres/backup': adapter('adapters/files', 'adapters/postgres', 'adapters/postgres/read-models'),
  'adapters/postgres/doctor': adapter('adapters/postgres', 'adapters/postgres/read-models'),
  'adapters/postgres/embedded': adapter('adapters/files', 'adapters/postgres'),
  'adapters/postgres/log': adapter('adapters/postgres', 'adapters/event-log'),
  'adapters/postgres/read-models': adapter('adapters/postgres'),
  // It reads the events of some projects alone, which only this log can tell apart.
  'adapters/postgres/read-models/folded-parts.ts': adapter('adapters/postgres', 'adapters/postgres/log/part-of-log.ts'),
  'adapters/postgres/webhooks': adapter('adapters/postgres'),
  'adapters/postgres/standby': adapter('adapters/postgres', 'adapters/postgres/read-models'),
  // What the vault asks of its stores is the vault's to say.
  'adapters/postgres/vault': adapter('adapters/postgres', 'adapters/vault/secret-stores.ts'),

  'graphql/paging': graphql(),
  'graphql/pipeline': graphql('graphql/paging'),
  'graphql/registry': graphql('graphql/paging', 'graphql/pipeline'),
  'graphql/audit': graphql('graphql/paging', 'graphql/pipeline', 'graphql/registry', WORKLOAD_IDENTITY),
  'graphql/lease': graphql('graphql/paging', 'graphql/pipeline', 'graphql/registry', WORKLOAD_IDENTITY),
  'graphql/trust': graphql('graphql/pipeline', 'graphql/lease'),
  'graphql/notices': graphql('graphql/paging', 'graphql/pipeline', 'graphql/registry'),
  'graphql/calendar': graphql('graphql/pipeline'),
  'graphql/webhooks': graphql('graphql/paging', 'graphql/pipeline', 'graphql/notices'),
  // Puts the folders together.
  graphql: graphql('graphql/**'),

  http: http(),
  'http/connections': http('http'),
  'http/event-streams': http('http', 'http/connections'),
  'http/websocket': http('http', 'http/connections'),
  'http/credentials': http('http'),
  'http/console': http('http'),
  // Answers upgrades and opens event streams as well.
  'http/server.ts': http(
    'http',
    'http/connections',
    'http/console',
    'http/credentials',
    'http/event-streams',
    'http/websocket',
  ),

  // What a key of a keychain means is the same for the helper and for its protocol over HTTP.
  clients: { to: ['domain/server-url.ts'], modules: 'builtins' },
  // A library reads the stream of events.
  'clients/followed-subscription.ts': { to: ['clients'], modules: 'any' },
  cli: {
    to: ['cli/remote', 'compose.ts', 'composition', 'config', 'logger.ts', 'version.ts', 'domain/**', 'adapters/**'],
    modules: 'any',
  },
  // They ask a service, and know nothing of its inside.
  'cli/remote': {
    to: ['cli/command.ts', 'cli/time-option.ts', 'cli/version.ts', 'clients', 'domain'],
    modules: 'any',
  },

  config: { to: ['domain/**'], modules: 'any' },
  // Each file opens one part of the service; `compose.ts` and the commands put them together.
  composition: {
    to: [
      'config',
      'version.ts',
      'application/**',
      'domain/**',
      'adapters/**',
      'graphql/paging',
      'http/health.ts',
    ].concat(['http/console', 'package-folder.ts']),
    modules: 'any',
  },
  'compose.ts': {
    to: ['composition', 'config', 'application/**', 'domain/**', 'adapters/**'].concat([
      'graphql',
      'graphql/pipeline',
      'graphql/paging',
      'http',
    ]),
    modules: 'any',
  },
  'logger.ts': { to: ['domain/**', 'adapters/postgres'], modules: 'any' },
  'navigator.ts': { to: [], modules: 'builtins' },
  'package-folder.ts': { to: [], modules: 'builtins' },
  'version.ts': { to: [], modules: 'builtins' },
};
