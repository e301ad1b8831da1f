import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { debianPostgres } from './postgres-server.ts';

/** Programs that the tests run, and the Debian packages they come in. */
const PACKAGES = {
  buildah: 'buildah',
  busybox: 'busybox',
  chromium: 'chromium',
  'chromium-headless-shell': 'chromium-headless-shell',
  curl: 'curl',
  'docker-registry': 'docker-registry',
  fish: 'fish',
  htpasswd: 'apache2-utils',
  ip: 'iproute2',
  nginx: 'nginx-light',
  openssl: 'openssl',
  pgbouncer: 'pgbouncer',
  podman: 'podman',
  postgres: 'postgresql',
  python3: 'python3-cryptography',
  script: 'bsdutils',
  shellcheck: 'shellcheck',
  skopeo: 'skopeo',
  wget: 'wget',
  zsh: 'zsh',
} as const;

export type Tool = keyof typeof PACKAGES;

/**
 * Why tests that need these programs cannot run here, or `undefined` when they can. Give it to `describe.skipIf`, and to
 * `titled`, so that the report says why.
 *
 * @throws Error where `CI` is set: there nothing is left out
 */
export function skipReason(...tools: readonly Tool[]): string | undefined {
  const missing = tools.filter((tool) => pathOf(tool) === undefined);
  if (missing.length === 0) return undefined;
  const packages = missing.map((tool) => PACKAGES[tool]).join(' ');
  const reason = `${missing.join(', ')} not found: apt-get install ${packages}`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** The title of tests, with why they are skipped. */
export function titled(title: string, missing: string | undefined): string {
  return missing === undefined ? title : `${title} (${missing})`;
}

/** Undefined if it is not installed. */
export function pathOf(program: Tool): string | undefined {
  // Debian installs some servers outside an ordinary user's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', debianPostgres() ?? '/usr/sbin'];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
