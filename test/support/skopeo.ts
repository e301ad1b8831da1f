import { type ClientHomeOptions, type ClientHomeRun, createClientHome } from './client-home.ts';

export interface SkopeoOptions extends ClientHomeOptions {
  /** Folder with the registry's authority; `undefined` for plain http. */
  readonly certsDir: string | undefined;
  /** Sent in place of the login. */
  readonly registryToken?: string | undefined;
}

export type SkopeoRun = ClientHomeRun;

export interface Skopeo {
  /** Copies the image of an OCI layout to `repository:tag` of the registry. */
  push(layout: string, repository: string): Promise<SkopeoRun>;
  /** Copies `repository:tag` of the registry into an OCI layout. */
  pull(repository: string, layout: string): Promise<SkopeoRun>;
  remove(): Promise<void>;
}

/** skopeo in a separate home. */
export async function createSkopeo({ certsDir, registryToken, ...options }: SkopeoOptions): Promise<Skopeo> {
  const home = await createClientHome(options);
  const { host } = options;

  function copy(side: 'src' | 'dest', source: string, destination: string): Promise<SkopeoRun> {
    const trust = certsDir === undefined ? [`--${side}-tls-verify=false`] : [`--${side}-cert-dir`, certsDir];
    const token = registryToken === undefined ? [] : [`--${side}-registry-token`, registryToken];
    // The machine's own policy file may be missing or strict; it says nothing about logins.
    return home.run('skopeo', ['--insecure-policy', 'copy', ...trust, ...token, source, destination]);
  }

  return {
    push: (layout, repository) => copy('dest', `oci:${layout}:latest`, `docker://${host}/${repository}`),
    pull: (repository, layout) => copy('src', `docker://${host}/${repository}`, `oci:${layout}:latest`),
    remove: home.remove,
  };
}
