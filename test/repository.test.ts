import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
}

// Assembled here, so that this file does not contain the text that it searches for.
const PACKAGE_HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['registry', 'npmmirror', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['pypi', 'org'],
  ['deb', 'debian', 'org'],
].map((labels) => labels.join('\\.'));
const FOLDERS_OF_A_MACHINE = ['work', 'root', 'Users', 'home/(?!node\\b)[a-z]'].map((folder) => `/${folder}`);

const RULES: readonly Rule[] = [
  { name: 'names a package registry', pattern: new RegExp(`\\b(?:${PACKAGE_HOSTS.join('|')})\\b`) },
  {
    name: 'holds a path of one machine',
    // Not the middle of a URL or of another path, and not a name that only begins so.
    pattern: new RegExp(`(?<![\\w.~/@:*}-])(?:${FOLDERS_OF_A_MACHINE.join('|')})[\\w.-]*/`),
  },
  { name: 'has a conflict marker', pattern: /^(?:<{7}|>{7}) /m },
];

function findings(path: string, content: string): string[] {
  return RULES.filter(({ pattern }) => pattern.test(content)).map(({ name }) => `${path} ${name}`);
}

const NOT_COMMITTED = ['.git', '.purser', 'coverage', 'dist', 'node_modules'];

/** What git has; in a copy without its `.git`, whatever git would not ignore. */
function committedFiles(): string[] {
  const options = { cwd: REPOSITORY, encoding: 'utf8' } as const;
  const listed = existsSync(join(REPOSITORY, '.git'))
    ? // A build machine may have checked out as another user, which git refuses unless it is told not to.
      execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], options).split('\0')
    : readdirSync(REPOSITORY, { recursive: true, encoding: 'utf8' });
  return listed.filter((path) => {
    const file = join(REPOSITORY, path);
    return !NOT_COMMITTED.includes(path.split(sep)[0] ?? '') && existsSync(file) && statSync(file).isFile();
  });
}

describe('the repository', () => {
  const files = committedFiles();

  it('names no package registry and no path of one machine', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap((path) => findings(path, readFileSync(join(REPOSITORY, path), 'utf8')))).toEqual([]);
  });

  it('brings no setting that sends npm to another registry', () => {
    expect(files.filter((path) => /^\.(?:npmrc|yarnrc(?:\.yml)?)$/.test(basename(path)))).toEqual([]);
  });
});

describe('the lock file', () => {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8'),
  );

  it('names no address, so that every registry will do', () => {
    expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });

  it('holds every package to its checksum', () => {
    const unchecked = Object.entries(lock.packages).filter(([path, { integrity }]) => path !== '' && !integrity);
    expect(unchecked).toEqual([]);
  });

  it('holds the packages of all platforms, without which npm ci refuses to install', () => {
    const locked = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)));
    const optional = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(optional.filter((name) => !locked.has(name))).toEqual([]);
  });
});

describe('the check of the repository', () => {
  const path = (...parts: string[]) => `/${parts.join('/')}`;
  it.each([
    `see https://${['registry', 'npmjs', 'org'].join('.')}/x`,
    `cd ${path('work', 'main')}`,
    `"${path('home', 'alice', 'src')}"`,
    `HOME=${path('root', '.cache')}`,
    `${'<'.repeat(7)} HEAD`,
  ])('finds %j', (content) => {
    expect(findings('file', content)).toHaveLength(1);
  });

  it.each([
    'registry.gitlab.com',
    `https://ci.example${path('work', 'items')}`,
    './home/index',
    `dist${path('root', '')}`,
    '`/root`)',
    '/homepage/',
  ])('does not mind %j', (content) => {
    expect(findings('file', content)).toEqual([]);
  });
});
