import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from './helm.ts';

const MODULES = join(import.meta.dirname, '../../node_modules');
/** Where `kubernetes-types` has the types of an API group. */
const GROUPS: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
  'rbac.authorization.k8s.io/v1': 'rbac/v1',
};

/**
 * What the published types of Kubernetes say against these manifests. Each is written down as an object literal of its
 * type, so that the compiler also finds fields that do not exist, which the API server would drop without a word.
 */
export async function typeFaults(manifests: readonly Manifest[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-manifests-'));
  try {
    await symlink(MODULES, join(folder, 'node_modules'));
    const lines = manifests.map(({ apiVersion, kind, ...rest }, index) => {
      const group = GROUPS[apiVersion];
      if (group === undefined) throw new Error(`no types are known for ${apiVersion}, ${kind}`);
      const literal = JSON.stringify({ apiVersion, kind, ...rest }, undefined, 2);
      return `export const manifest${index}: import('kubernetes-types/${group}').${kind} = ${literal};`;
    });
    await writeFile(join(folder, 'manifests.ts'), lines.join('\n'));
    return await compilerComplaints(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compilerComplaints(folder: string): Promise<string> {
  const args = ['--noEmit', '--strict', '--skipLibCheck', '--types', '', '--pretty', 'false', 'manifests.ts'];
  return new Promise((resolve, reject) => {
    execFile(join(MODULES, '.bin/tsc'), args, { cwd: folder }, (error, stdout) => {
      // The compiler ends with 1 or 2 after complaints, and with a text if it cannot be run.
      if (error && typeof error.code !== 'number') reject(error);
      else resolve(stdout);
    });
  });
}
