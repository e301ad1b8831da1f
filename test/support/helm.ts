import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const execute = promisify(execFile);
/** The version of Kubernetes that templates are rendered for. */
const KUBE_VERSION = '1.34.0';
const UNPACK = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("helm/helm", sys.argv[2])';

/** Such as a Deployment, as the API server would read it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Helm itself, out of the npm package that ships it. */
export interface Helm {
  /** What `helm lint --strict` says. @throws Error with its complaints */
  lint(chart: string, valuesFile: string): Promise<string>;
  /** @param overrides as after `--set` @throws Error with what Helm says */
  render(chart: string, valuesFile: string, overrides?: readonly string[]): Promise<Manifest[]>;
  remove(): Promise<void>;
}

/** The binary is for Linux on x86-64. */
export const helmIsMissing =
  process.platform === 'linux' && process.arch === 'x64' ? undefined : 'Helm is there for Linux on x86-64 only';

export async function createHelm(): Promise<Helm> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-helm-'));
  const archive = join(dirname(createRequire(import.meta.url).resolve('@aws-cdk/asset-kubectl-v20')), 'layer.zip');
  await execute('python3', ['-c', UNPACK, archive, folder]);
  const program = join(folder, 'helm/helm');
  await chmod(program, 0o755);
  const helm = async (...args: readonly string[]) => {
    const { stdout } = await execute(program, args, { env: { HOME: folder, PATH: '/usr/bin:/bin' } });
    return stdout;
  };
  return {
    lint: (chart, valuesFile) => helm('lint', '--strict', chart, '-f', valuesFile),
    async render(chart, valuesFile, overrides = []) {
      const sets = overrides.flatMap((override) => ['--set', override]);
      const values = ['-f', valuesFile, ...sets];
      return manifestsIn(await helm('template', 'purser', chart, '--kube-version', KUBE_VERSION, ...values));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** In YAML 1.1, as Kubernetes reads it: there 0440 is octal. @throws Error if the text is not YAML */
export function manifestsIn(text: string): Manifest[] {
  const documents = parseAllDocuments(text, { version: '1.1' });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    if (fault) throw fault;
    const manifest: unknown = document.toJS();
    if (manifest === null) return [];
    if (isManifest(manifest)) return [manifest];
    throw new Error(`not a manifest: ${String(document)}`);
  });
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value && 'metadata' in value;
}
