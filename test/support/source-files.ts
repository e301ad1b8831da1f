import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The TypeScript files of a folder: each path, relative to it and with slashes, and its text. */
export type SourceFiles = ReadonlyMap<string, string>;

export function readSourceFiles(folder: string): SourceFiles {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]),
  );
}

/** Static imports, re-exports, imports for their effect alone, and dynamic ones; of types as well. */
export function importsOf(source: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, specifier = '']) => specifier));
}

/** The file that a relative specifier names. */
export function targetOf(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

/** For each file the files that it imports. What is not among the sources is left out. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

export function importGraph(sources: SourceFiles): ImportGraph {
  const targetsOf = ([file, source]: [string, string]) =>
    importsOf(source)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => targetOf(file, specifier))
      .filter((target) => sources.has(target));
  return new Map([...sources].map((entry) => [entry[0], targetsOf(entry)]));
}

/** All files that a file imports, directly or indirectly. They include the file itself if it is in a cycle. */
export function reachableFrom(graph: ImportGraph, file: string): ReadonlySet<string> {
  const reached = new Set(graph.get(file));
  // Iterating over a set also visits elements that are added meanwhile.
  for (const one of reached) for (const target of graph.get(one) ?? []) reached.add(target);
  return reached;
}

/** Groups of files that import each other, directly or by way of others. */
export function circlesIn(sources: SourceFiles): string[][] {
  const graph = importGraph(sources);
  const reach = new Map([...graph.keys()].map((file) => [file, reachableFrom(graph, file)]));
  const circles = new Map<string, string[]>();
  for (const [file, reached] of reach) {
    const circle = [...reached].filter((other) => reach.get(other)?.has(file)).sort();
    if (circle.length > 0) circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}
