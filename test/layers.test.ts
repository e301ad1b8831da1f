import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const MAX_LINES = 350;

/** What the files of a layer may import. Paths are relative to `src`; a folder ends in a slash; `*.ts` is what lies in `src` itself. */
interface Rule {
  readonly paths: readonly string[];
  readonly modules: 'pure builtins' | 'in memory' | 'builtins' | 'any';
}

/** Of `node:net` the domain uses `isIP`. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto', 'node:net', 'node:url', 'node:util'];
const MODULES: Readonly<Record<Rule['modules'], (specifier: string) => boolean>> = {
  'pure builtins': (specifier) => PURE_BUILTINS.includes(specifier),
  'in memory': (specifier) => specifier.startsWith('node:') || specifier === 'lru-cache',
  builtins: (specifier) => specifier.startsWith('node:'),
  any: () => true,
};

/** The arrows between the layers. Whatever is not named here is not allowed. */
function ruleFor(file: string): Rule {
  const [folder = '', subfolder = ''] = file.split('/');
  switch (folder) {
    case 'domain':
      return { paths: ['domain/'], modules: 'pure builtins' };
    case 'application':
      return { paths: ['application/', 'domain/'], modules: 'in memory' };
    case 'adapters':
      return { paths: ['application/ports/', 'domain/', `adapters/${subfolder}/`], modules: 'any' };
    case 'graphql':
      return { paths: ['application/', 'domain/', 'graphql/'], modules: 'any' };
    case 'http':
      return { paths: ['application/', 'domain/', 'graphql/', 'http/'], modules: 'any' };
    case 'clients':
      return { paths: ['clients/'], modules: 'builtins' };
    case 'compose.ts':
      return { paths: ['application/', 'domain/', 'adapters/', 'graphql/', 'http/', '*.ts'], modules: 'any' };
    case 'config.ts':
      return { paths: ['domain/'], modules: 'any' };
    case 'cli':
      return { paths: ['cli/', '*.ts', 'domain/', 'adapters/'], modules: 'any' };
    default:
      // What the composition is made of; a new folder needs a rule of its own.
      if (file.includes('/')) return { paths: [], modules: 'builtins' };
      return { paths: ['*.ts', 'domain/', 'adapters/'], modules: 'any' };
  }
}

function isAllowed(file: string, specifier: string): boolean {
  const { paths, modules } = ruleFor(file);
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    return paths.some((path) => {
      if (path === '*.ts') return !target.includes('/');
      return path.endsWith('/') ? target.startsWith(path) : target === path;
    });
  }
  return MODULES[modules](specifier);
}

/** Static imports, re-exports, imports for their effect alone, and dynamic ones. */
function importsOf(source: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, specifier = '']) => specifier));
}

function violations(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, source]) =>
    importsOf(source)
      .filter((specifier) => !isAllowed(file, specifier))
      .map((specifier) => `src/${file} must not import ${specifier}`),
  );
}

/** What looks up names or opens connections, by import or as a global. Types alone do neither. */
const WAYS_OUT = [
  /^\s*(?:import|export)\s+(?!type\b)[^'"`;]*?\bfrom\s*['"](?:undici|(?:node:)?(?:https?|http2|tls|dns|dns\/promises|dgram))['"]/m,
  /^\s*import\s*\{[^}]*\b(?:connect|createConnection|Socket)\b[^}]*\}\s*from\s*['"](?:node:)?net['"]/m,
  /\bimport\s*\(\s*['"`](?:undici|(?:node:)?(?:https?|http2|net|tls|dns|dns\/promises|dgram))['"`]/,
  /(?<![.\w])(?:globalThis\.)?fetch\(|\bnew (?:WebSocket|EventSource)\(/,
];
/** The guard itself; the way to the operator's own database; and the clients, which are no part of the service. */
const MAY_GO_OUT = ['adapters/egress/', 'adapters/postgres/', 'clients/'];

function goingOut(sources: ReadonlyMap<string, string>): string[] {
  return [...sources]
    .filter(([file]) => !MAY_GO_OUT.some((folder) => file.startsWith(folder)))
    .filter(([, source]) => WAYS_OUT.some((wayOut) => wayOut.test(source)))
    .map(([file]) => `src/${file}`);
}

function loadingLibrariesLate(sources: ReadonlyMap<string, string>): string[] {
  return [...sources]
    .filter(([, source]) => /\bimport\s*\(\s*['"`](?!\.{1,2}\/|node:)/.test(source))
    .map(([file]) => `src/${file}`);
}

function tooLong(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].filter(([, source]) => source.split('\n').length > MAX_LINES).map(([file]) => `src/${file}`);
}

const sources = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(SRC + file, 'utf8')]),
);

describe('the layers', () => {
  it('are all there', () => {
    const folders = new Set([...sources.keys()].map((file) => file.split('/')[0]));
    for (const folder of ['domain', 'application', 'adapters', 'graphql', 'http', 'cli', 'clients', 'compose.ts']) {
      expect(folders).toContain(folder);
    }
  });

  it('import only what they may', () => {
    expect(violations(sources)).toEqual([]);
  });

  it('let requests out through the egress guard alone', () => {
    expect(goingOut(sources)).toEqual([]);
  });

  // A bundle gives a library in CommonJS, loaded late, without the names that it exports.
  it('load late only files of their own, which import the library', () => {
    expect(loadingLibrariesLate(sources)).toEqual([]);
    expect(loadingLibrariesLate(new Map([['a.ts', "const { JWT } = await import('google-auth-library');"]]))).toEqual([
      'src/a.ts',
    ]);
  });

  it(`keep every file within ${MAX_LINES} lines`, () => {
    expect(tooLong(sources)).toEqual([]);
  });
});

describe('the check of the layers', () => {
  it.each([
    ['domain/registry.ts', "import { x } from '../application/y.ts';"],
    ['domain/registry.ts', "import { readFile } from 'node:fs/promises';"],
    ['domain/registry.ts', "import { z } from 'zod';"],
    ['application/issue-credential.ts', "import type { Pool } from 'pg';"],
    ['application/issue-credential.ts', "import {\n  vault,\n  type Vault,\n} from '../adapters/vault/vault.ts';"],
    ['application/ports/vault.ts', "export { key } from '../../adapters/vault/key.ts';"],
    ['adapters/postgres/pool.ts', "import { schema } from '../../graphql/schema.ts';"],
    ['adapters/postgres/pool.ts', "import { issue } from '../../application/issue-credential.ts';"],
    ['adapters/postgres/pool.ts', "import { key } from '../vault/key.ts';"],
    ['graphql/schema.ts', "const pool = await import('../adapters/postgres/pool.ts');"],
    ['graphql/schema.ts', "import '../adapters/postgres/pool.ts';"],
    ['graphql/schema.ts', "import { server } from '../http/server.ts';"],
    ['http/server.ts', "import { pool } from '../adapters/postgres/pool.ts';"],
    ['clients/purser-client.ts', "import { Secret } from '../domain/secret.ts';"],
    ['clients/purser-client.ts', "import { request } from 'undici';"],
    ['cli/main.ts', "import { schema } from '../graphql/schema.ts';"],
    ['cli/serve.ts', "import { server } from '../http/server.ts';"],
    ['config.ts', "import { compose } from './compose.ts';"],
    ['another.ts', "import { compose } from './http/server.ts';"],
    ['another/file.ts', "import { compose } from '../compose.ts';"],
    ['domain/registry.ts', "import { canary } from '../../test/support/canary.ts';"],
  ])('finds that %s must not say %j', (file, source) => {
    expect(violations(new Map([[file, source]]))).toHaveLength(1);
  });

  it('lets the arrows of the design through', () => {
    const allowed = new Map([
      ['domain/registry.ts', "import { createHash } from 'node:crypto';\nimport { x } from './events.ts';"],
      [
        'application/issue-credential.ts',
        "import { x } from '../domain/lease.ts';\nimport type { V } from './ports/vault.ts';",
      ],
      [
        'adapters/postgres/log/append.ts',
        "import pg from 'pg';\nimport { x } from '../../../application/ports/event-log.ts';",
      ],
      ['graphql/schema.ts', "import { x } from '../application/application.ts';\nimport { graphql } from 'graphql';"],
      ['cli/main.ts', "import { serve } from './serve.ts';"],
      ['cli/serve.ts', "import { compose } from '../compose.ts';"],
    ]);
    expect(violations(allowed)).toEqual([]);
  });

  it.each([
    "import { Agent } from 'undici';",
    "import * as https from 'node:https';",
    "import { request } from 'http';",
    "import { lookup } from 'node:dns/promises';",
    "import {\n  connect,\n  isIP,\n} from 'node:net';",
    "import tls from 'node:tls';",
    "const { request } = await import('node:http');",
    'const response = await fetch(url);',
    'return globalThis.fetch(url);',
    'const socket = new WebSocket(url);',
  ])('finds a way out beside the guard: %j', (source) => {
    expect(goingOut(new Map([['adapters/auth/keys.ts', source]]))).toEqual(['src/adapters/auth/keys.ts']);
    expect(goingOut(new Map([['adapters/egress/guard.ts', source]]))).toEqual([]);
  });

  it.each([
    "import type { IncomingMessage } from 'node:http';",
    "import { isIP } from 'node:net';",
    'const response = await session.fetch(url);',
    'const keys = await refetch(url);',
  ])('finds none in %j', (source) => {
    expect(goingOut(new Map([['adapters/auth/keys.ts', source]]))).toEqual([]);
  });

  it('finds a file that is too long', () => {
    expect(tooLong(new Map([['domain/long.ts', '\n'.repeat(MAX_LINES)]]))).toEqual(['src/domain/long.ts']);
  });
});
