import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ARROWS, MODULES } from './support/layer-arrows.ts';
import { circlesIn, importsOf, readSourceFiles, type SourceFiles, targetOf } from './support/source-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 350;

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : file;
}

function isIn(file: string, place: string): boolean {
  if (place.endsWith('/**')) return file.startsWith(place.slice(0, -2));
  return file === place || folderOf(file) === place;
}

function isAllowed(file: string, specifier: string): boolean {
  const folder = folderOf(file);
  const { to, modules } = ARROWS[file] ?? ARROWS[folder] ?? { to: [], modules: 'builtins' };
  if (!specifier.startsWith('.')) return MODULES[modules](specifier);
  const target = targetOf(file, specifier);
  const isSibling = ARROWS[folder] !== undefined && folderOf(target) === folder;
  return isSibling || to.some((place) => isIn(target, place));
}

function violations(sources: SourceFiles): string[] {
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
/**
 * The guard itself; the ways to the operator's own database and collector, which no caller names; and the clients, which
 * are not part of the service.
 */
const MAY_GO_OUT = ['adapters/egress/', 'adapters/postgres/', 'adapters/opentelemetry/', 'clients/'];

function goingOut(sources: SourceFiles): string[] {
  return [...sources]
    .filter(([file]) => !MAY_GO_OUT.some((folder) => file.startsWith(folder)))
    .filter(([, source]) => WAYS_OUT.some((wayOut) => wayOut.test(source)))
    .map(([file]) => `src/${file}`);
}

function loadingLibrariesLate(sources: SourceFiles): string[] {
  return [...sources]
    .filter(([, source]) => /\bimport\s*\(\s*['"`](?!\.{1,2}\/|node:)/.test(source))
    .map(([file]) => `src/${file}`);
}

/** Node.js 20 gets it wrong once it has compiled it; the domain's `parseUrl` says more. */
function askingCanParse(sources: SourceFiles): string[] {
  return [...sources].filter(([, source]) => /\bURL\.canParse\(/.test(source)).map(([file]) => `src/${file}`);
}

function tooLong(folder: string, sources: SourceFiles): string[] {
  return [...sources]
    .filter(([file]) => !file.includes('/generated/'))
    .filter(([, source]) => source.split('\n').length > MAX_LINES)
    .map(([file]) => `${folder}/${file}`);
}

const sources = readSourceFiles(`${ROOT}src`);

describe('the layers', () => {
  it('have an entry for each folder, and no other', () => {
    const folders = new Set([...sources.keys()].map(folderOf));
    const entries = Object.keys(ARROWS).filter((place) => !place.includes('/') || !place.endsWith('.ts'));
    expect([...folders].filter((folder) => !(folder in ARROWS))).toEqual([]);
    expect(entries.filter((entry) => !folders.has(entry))).toEqual([]);
  });

  it('import only what they may', () => {
    expect(violations(sources)).toEqual([]);
  });

  it('have no files that import each other in a circle', () => {
    expect(circlesIn(sources)).toEqual([]);
  });

  it('let requests out through the egress guard alone', () => {
    expect(goingOut(sources)).toEqual([]);
  });

  // A bundle gives a library in CommonJS, loaded late, without the names that it exports.
  it('load late only files of their own, which import the library', () => {
    expect(loadingLibrariesLate(sources)).toEqual([]);
    expect(
      loadingLibrariesLate(new Map([['a.ts', "const { ECRClient } = await import('@aws-sdk/client-ecr');"]])),
    ).toEqual(['src/a.ts']);
  });

  it('take URLs apart by `parseUrl`', () => {
    expect(askingCanParse(sources)).toEqual([]);
    expect(askingCanParse(new Map([['a.ts', 'return URL.canParse(text);']]))).toEqual(['src/a.ts']);
  });

  it('keep the console apart: it imports its own files and libraries for browsers', () => {
    const outside = (files: SourceFiles) =>
      [...files].flatMap(([file, source]) =>
        importsOf(source)
          .filter((specifier) => specifier.startsWith('node:') || targetOf(file, specifier).startsWith('..'))
          .map((specifier) => `${file}: ${specifier}`),
      );
    expect(outside(readSourceFiles(`${ROOT}console/src`))).toEqual([]);
    const reaching = "import type { Registry } from '../../../src/domain/registry.ts';";
    expect(outside(new Map([['app/app.tsx', reaching]]))).toHaveLength(1);
  });

  it.each(['src', 'test', 'bench', 'scripts', 'console'])(
    `keep every file of %s within ${MAX_LINES} lines`,
    (folder) => {
      expect(tooLong(folder, readSourceFiles(ROOT + folder))).toEqual([]);
    },
  );
});

describe('the check of the layers', () => {
  it.each([
    ['domain/registry.ts', "import { x } from '../application/y.ts';"],
    ['domain/registry.ts', "import { readFile } from 'node:fs/promises';"],
    ['domain/registry.ts', "import * as z from 'zod';"],
    ['application/lease/issue-credential.ts', "import type { Pool } from 'pg';"],
    [
      'application/lease/issue-credential.ts',
      "import {\n  vault,\n  type Vault,\n} from '../../adapters/vault/vault.ts';",
    ],
    ['application/registry/delete-registry.ts', "import { endLease } from '../lease/end-lease.ts';"],
    ['application/log/folds.ts', "import { audited } from '../audit/audit-reads.ts';"],
    ['application/ports/vault.ts', "export { key } from '../../adapters/vault/key.ts';"],
    ['adapters/postgres/pool.ts', "import { schema } from '../../graphql/schema.ts';"],
    ['adapters/postgres/pool.ts', "import { issue } from '../../application/lease/issue-credential.ts';"],
    ['adapters/postgres/pool.ts', "import { key } from '../vault/key.ts';"],
    ['adapters/postgres/pool.ts', "import { event } from './log/event-rows.ts';"],
    ['adapters/postgres/vault/store.ts', "import { event } from '../log/event-rows.ts';"],
    ['application/ports/vault.ts', "import type { Application } from '../application.ts';"],
    ['graphql/pipeline/schema.ts', "import type { Registry } from '../registry/registry-types.ts';"],
    ['graphql/registry/queries.ts', "import { lease } from '../lease/lease-types.ts';"],
    ['graphql/paging/cursors.ts', "import type { GraphqlContext } from '../pipeline/context.ts';"],
    ['http/health.ts', "import { websocket } from './websocket/websocket.ts';"],
    ['graphql/schema.ts', "const pool = await import('../adapters/postgres/pool.ts');"],
    ['graphql/schema.ts', "import '../adapters/postgres/pool.ts';"],
    ['graphql/schema.ts', "import { server } from '../http/server.ts';"],
    ['http/server.ts', "import { pool } from '../adapters/postgres/pool.ts';"],
    ['clients/purser-client.ts', "import { Secret } from '../domain/secret.ts';"],
    ['clients/purser-client.ts', "import { request } from 'undici';"],
    ['cli/main.ts', "import { schema } from '../graphql/schema.ts';"],
    ['cli/serve.ts', "import { server } from '../http/server.ts';"],
    ['config.ts', "import { compose } from './compose.ts';"],
    ['stores.ts', "import { server } from './http/server.ts';"],
    ['chores.ts', "import { compose } from './compose.ts';"],
    ['another.ts', "import { logger } from './logger.ts';"],
    ['another/file.ts', "import { other } from './other.ts';"],
    ['another/file.ts', "import { compose } from '../compose.ts';"],
    ['domain/registry.ts', "import { canary } from '../../test/support/canary.ts';"],
  ])('finds that %s must not say %j', (file, source) => {
    expect(violations(new Map([[file, source]]))).toHaveLength(1);
  });

  it('lets the arrows of the design through', () => {
    const allowed = new Map([
      ['domain/registry.ts', "import { createHash } from 'node:crypto';\nimport { x } from './events.ts';"],
      [
        'application/lease/issue-credential.ts',
        "import { x } from '../../domain/lease.ts';\nimport type { V } from '../ports/vault.ts';",
      ],
      [
        'adapters/postgres/log/append.ts',
        "import pg from 'pg';\nimport { x } from '../../../application/ports/event-log.ts';",
      ],
      [
        'graphql/schema.ts',
        "import { x } from '../application/create-application.ts';\nimport { graphql } from 'graphql';",
      ],
      ['graphql/lease/lease-types.ts', "import { access } from '../registry/registry-enums.ts';"],
      ['http/server.ts', "import { websocket } from './websocket/websocket.ts';"],
      ['http/websocket/operations.ts', "import { body } from '../request-body.ts';"],
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

  it('finds circles, of types as well, and whatever else leads to them', () => {
    const entry = ['domain/a.ts', "import { b } from './b.ts';"] as const;
    const b = ['domain/b.ts', "export { c } from './deep/c.ts';"] as const;
    const c = ['domain/deep/c.ts', "import type { D } from '../d.ts';"] as const;
    const back = ['domain/d.ts', "const b = await import('./b.ts');"] as const;
    const end = ['domain/d.ts', "import { isIP } from 'node:net';"] as const;
    expect(circlesIn(new Map([entry, b, c, back]))).toEqual([['domain/b.ts', 'domain/d.ts', 'domain/deep/c.ts']]);
    expect(circlesIn(new Map([entry, b, c, end]))).toEqual([]);
    expect(circlesIn(new Map([['a.ts', "import { a } from './a.ts';"]]))).toEqual([['a.ts']]);
  });

  it('finds a file that is too long', () => {
    expect(tooLong('src', new Map([['domain/long.ts', '\n'.repeat(MAX_LINES)]]))).toEqual(['src/domain/long.ts']);
    expect(tooLong('src', new Map([['domain/fits.ts', '\n'.repeat(MAX_LINES - 1)]]))).toEqual([]);
  });
});
