import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../src/adapters/prometheus/metrics.ts';
import { readConfig, VARIABLES } from '../src/config/config.ts';
import { documentationOf } from '../src/domain/error-reference.ts';
import { PERMISSIONS } from '../src/domain/permissions.ts';
import { CLOSE } from '../src/http/websocket/close-codes.ts';
import { SECONDS_OF_SLOW_TESTS } from './support/test-kinds.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const under = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`);

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...['docs', 'integrations'].flatMap(under).filter((path) => path.endsWith('.md')),
];
const FOLDERS = [
  'src',
  'test',
  'docs',
  'scripts',
  'migrations',
  'clients',
  'console',
  'integrations',
  'bench',
  'schema',
  '.ci',
  '.vscode',
];
const ALL_FILES = FOLDERS.flatMap(under);
const FILE_NAMES: ReadonlySet<string> = new Set(ALL_FILES.map((path) => basename(path)));

/** Code blocks contain input and output, not references. */
function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** What GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): Set<string> {
  return new Set([...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
}

/** Paths in code: those that begin with a folder of the project, and names of source files alone. */
function pathsIn(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, code = '']) => code.split(/[\s,]+/))
    .map((word) => word.replace(/[#:].*$/, '').replace(/\/$/, ''))
    .filter((word) => !/[<>*{}…]/.test(word))
    .filter((word) => FOLDERS.includes(word.split('/')[0] ?? '') || /^[\w.-]+\.(?:ts|mjs|sql)$/.test(word));
}

function missingPaths(text: string): string[] {
  return pathsIn(text).filter((path) => !existsSync(join(ROOT, path)) && !FILE_NAMES.has(path));
}

function brokenLinks(page: string, text: string): string[] {
  const links = [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.normalize(posix.join(dirname(page), path));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).has(anchor);
  });
}

/** The first column of the page's tables, taken apart. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\|([^|\n]*)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

describe('the documentation', () => {
  it.each(PAGES)('%s names no file that is not there', (page) => {
    expect(missingPaths(read(page))).toEqual([]);
  });

  it.each(PAGES)('%s has no link that leads nowhere', (page) => {
    expect(brokenLinks(page, read(page))).toEqual([]);
  });

  it('has an index that lists every page, and one that lists every decision', () => {
    const listed = (index: string) => new Set([...read(index).matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => link));
    const pages = PAGES.filter((page) => /^docs\/[\w-]+\.md$/.test(page) && page !== 'docs/README.md');
    expect(pages.filter((page) => !listed('docs/README.md').has(basename(page)))).toEqual([]);
    const decisions = PAGES.filter((page) => /^docs\/decisions\/(?!README)/.test(page));
    expect(decisions.filter((page) => !listed('docs/decisions/README.md').has(basename(page)))).toEqual([]);
  });
});

it('README.md has at most 12 KB', () => {
  expect(Buffer.byteLength(read('README.md'))).toBeLessThanOrEqual(12_000);
});

describe('the check of the documentation', () => {
  it('finds missing files, and ignores code that is not a path', () => {
    expect(
      missingPaths('`src/nowhere.ts`, `nowhere.sql`, `src/config/config.ts`, `config.ts`, `src/*/x.ts`, `a.b.ts()`'),
    ).toEqual(['src/nowhere.ts', 'nowhere.sql']);
  });

  it('finds links to files and headings that are not there', () => {
    const text = '[a](nowhere.md) [b](operations.md#keys) [c](operations.md#no-such-heading) [d](#nor-this)';
    expect(brokenLinks('docs/clients.md', text)).toEqual(['nowhere.md', 'operations.md#no-such-heading', '#nor-this']);
  });
});

/** In each row of the table: what its last cell names that is not there. A title is looked for in the file before it. */
function missingControls(table: string): string[] {
  return table.split('\n').flatMap((row) => {
    const control = row.split('|').at(-2)?.trim() ?? '';
    if (/^by hand: \w/.test(control)) return [];
    const named = [...control.matchAll(/`([^`]+)`: ((?:\*[^*]+\*(?:, )?)+)/g)];
    if (named.length === 0) return [`no negative control: ${row.slice(0, 60)}`];
    return named.flatMap(([, file = '', titles = '']) =>
      [...titles.matchAll(/\*([^*]+)\*/g)]
        .filter(([, title = '']) => !existsSync(join(ROOT, file)) || !read(file).includes(title))
        .map(([, title]) => `${file} has no test “${title}”`),
    );
  });
}

/** What the row says that its files take. */
function secondsIn(row: string): number {
  const takes = row.split('|').at(-3) ?? '';
  return [...takes.matchAll(/(\d+) s\b/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}

/** The rows that tell another time than what is known of the slow files that they name. */
function wrongTimes(table: string): string[] {
  return table.split('\n').filter((row) => {
    const tests = [...(row.split('|')[2] ?? '').matchAll(/`(test\/[\w/.-]+)`/g)].map(([, file = '']) => file);
    const known = tests.flatMap((file) => SECONDS_OF_SLOW_TESTS[file] ?? []);
    const takes = row.split('|').at(-3) ?? '';
    return known.some((seconds) => !takes.includes(`${seconds} s`));
  });
}

describe('the table of crashes and races in CONTRIBUTING.md', () => {
  const [, rows = ''] = /\| goal \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(read('CONTRIBUTING.md')) ?? [];
  const table = rows.trim();

  it('names a negative control for each goal, and each is there', () => {
    expect(table.split('\n').length).toBeGreaterThan(10);
    expect(missingControls(table)).toEqual([]);
  });

  it('tells the times of the slow files, of which two run at once: the first twelve take at most 20 minutes', () => {
    expect(wrongTimes(table)).toEqual([]);
    const seconds = table.split('\n').slice(0, 12).map(secondsIn);
    expect(seconds.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2 * 20 * 60);
  });

  it('is found to tell another time', () => {
    const row = '| a | `test/crash/fail-points.test.ts` | often | 1 s | nothing |';
    expect(wrongTimes(row)).toEqual([row]);
    expect(secondsIn(row)).toBe(1);
  });

  it('is found to name none, or one that is not there', () => {
    const rows = [
      '| a | b | c | nothing |',
      '| a | b | c | `test/layers.test.ts`: *describe*, *no such title* |',
      '| a | b | c | `test/nowhere.test.ts`: *flies* |',
    ];
    expect(missingControls(rows.join('\n'))).toEqual([
      'no negative control: | a | b | c | nothing |',
      'test/layers.test.ts has no test “no such title”',
      'test/nowhere.test.ts has no test “flies”',
    ]);
  });
});

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  it('has every variable that the service reads, and no other', () => {
    expect(VARIABLES.length).toBeGreaterThan(10);
    expect(firstColumn(page).sort()).toEqual(VARIABLES.toSorted());
  });

  it.each([
    { NODE_ENV: 'prod' },
    { PORT: 'x' },
    { PORT: '70000' },
    { LOG_LEVEL: 'loud' },
    { METRICS_PORT: 'x' },
    { METRICS_PORT: '4000' },
    { METRICS_HOST: '127.0.0.1' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_TRACES_EXPORTER: 'jaeger' },
    { OTEL_METRICS_EXPORTER: 'prometheus' },
    { OTEL_METRIC_EXPORT_INTERVAL: 'often' },
    { OTEL_METRIC_EXPORT_INTERVAL: '10' },
    { OTEL_METRIC_EXPORT_INTERVAL: '1500.5' },
    { OTEL_METRIC_EXPORT_INTERVAL: '86400000' },
    { DATABASE_URL: 'mysql://localhost' },
    { EVENT_STORE_URL: 'mysql://localhost' },
    { EVENT_STORE_URL: 'kurrentdb://local/host' },
    { EVENT_STORE_PREFIX: 'a-b' },
    { NODE_ENV: 'production' },
    { CORS_ORIGINS: 'ci.example.com' },
    { CONSOLE: 'yes' },
    { TRUST_PROXY: '0.0.0.0/0' },
    { PLAIN_HTTP_HOSTS: 'http://reg.internal' },
    { TRUSTED_REALMS: 'auth.example.com/token' },
    { HEALTH_CHECK_INTERVAL: 'soon' },
    { HEALTH_CHECK_INTERVAL: '1m' },
    { LEASE_RETENTION: '90' },
    { NOTICE_RETENTION: '12h' },
    { AUDIT_RETENTION: '1y' },
    { CALLER_COST_PER_SECOND: 'much' },
    { SOCKETS_PER_CALLER: '0' },
    { CALLER_ISSUES_PER_MINUTE: 'many' },
  ])('quotes what is said of %j', (environment) => {
    const said = (() => {
      try {
        readConfig(environment);
      } catch (error) {
        return error instanceof Error ? error.message.split('\n') : [];
      }
      return [];
    })();
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((sentence) => !page.includes(sentence))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json'));
  const rows = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]+`) \| ([^|]+) \|/gm)].flatMap(
    ([, names = '', licence = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, licence.trim()] as const),
  );

  it('has every dependency, and no other', () => {
    const all = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
    expect(rows.map(([name]) => name).sort()).toEqual(all.sort());
  });

  it.each(rows)('has the licence of %s: %s', (name, licence) => {
    expect(JSON.parse(read(`node_modules/${name}/package.json`)).license).toBe(licence);
  });
});

it('docs/operations.md has every metric as the code describes it, and no other', () => {
  const rows = [...read('docs/operations.md').matchAll(/^\| (`purser_.*) \|$/gm)].map(([, row]) => row);
  const described = createMetrics({ processMetrics: false }).descriptions.map(({ name, type, labels, help }) => {
    const names = Object.keys(labels).map((label) => `\`${label}\``);
    return `\`${name}\` | ${type} | ${names.join(', ')} | ${help}`.replace('|  |', '| |');
  });
  expect(rows).toEqual(described);
});

it('docs/clients.md has every code that closes a WebSocket, and no other', () => {
  const [, table = ''] = read('docs/clients.md').split('| close code |');
  const rows = table.slice(0, table.indexOf('\n\n')).matchAll(/^\| ([\d, ]+) \|/gm);
  const codes = [...rows].flatMap(([, cell = '']) => cell.split(', ').map(Number));
  expect(codes).toEqual(Object.values(CLOSE).toSorted((a, b) => a - b));
});

it('docs/permissions.md has every permission, and no other', () => {
  const permissions = firstColumn(read('docs/permissions.md')).filter((name) => name.startsWith('iam:'));
  expect(permissions.sort()).toEqual(Object.values(PERMISSIONS).sort());
});

it('the errors that pages show link to their code', () => {
  const shown = PAGES.flatMap((page) =>
    [...read(page).matchAll(/^\{"errors":.*\}$/gm)].flatMap(([answer]) => JSON.parse(answer).errors),
  );
  expect(shown.length).toBeGreaterThan(1);
  for (const { extensions } of shown) expect(extensions.documentation).toBe(documentationOf(extensions.code));
});

describe('the operations that pages show', () => {
  const schema = buildSchema(read('schema/schema.graphql'));
  const operations = PAGES.flatMap((page) => {
    const text = read(page);
    const asked = [...text.matchAll(/^ask '(\{.*\})'$/gm)].map(([, body = '']) => String(JSON.parse(body).query));
    const written = [...text.matchAll(/^const query = `([^`]+)`;$/gm)].map(([, query = '']) => query);
    const blocks = [...text.matchAll(/^```graphql\n([\s\S]+?)^```$/gm)].map(([, query = '']) => query);
    return [...asked, ...written, ...blocks].map((query) => [page, query] as const);
  });

  it('are there', () => {
    expect(operations.length).toBeGreaterThan(4);
  });

  it.each(operations)('%s: %s', (_page, query) => {
    expect(validate(schema, parse(query)).map(({ message }) => message)).toEqual([]);
  });
});
