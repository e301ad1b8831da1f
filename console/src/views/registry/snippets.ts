import type { RegistryAccess } from '../../api/generated/graphql.ts';
import { flowText, queryText, shellWord, yamlText } from './quoting.ts';

export const CLIENTS = ['docker', 'podman', 'kubernetes', 'github', 'gitlab', 'woodpecker'] as const;
export type SnippetClient = (typeof CLIENTS)[number];

export interface Snippet {
  /** Its heading, by its name in the texts. */
  readonly name:
    | 'helper'
    | 'dockerConfig'
    | 'dockerJob'
    | 'podmanJob'
    | 'externalSecrets'
    | 'kubelet'
    | 'githubJob'
    | 'gitlabJob'
    | 'woodpeckerServer';
  readonly text: string;
}

export interface SnippetValues {
  /** Where this service is: the origin of the console. */
  readonly purserUrl: string;
  readonly projectId: string;
  /** Of the registry: canonical `host[:port]`. */
  readonly registry: string;
  readonly access: RegistryAccess;
}

/** What each client needs to use the registry. None holds a secret; what people must fill in stands in `<…>`. */
export function snippetsFor(client: SnippetClient, values: SnippetValues): Snippet[] {
  switch (client) {
    case 'docker':
      return [helper(values), dockerConfig(values), dockerJob(values)];
    case 'podman':
      return [helper(values), podmanJob(values)];
    case 'kubernetes':
      return [externalSecrets(values), kubelet(values)];
    case 'github':
      return [githubJob(values)];
    case 'gitlab':
      return [gitlabJob(values)];
    case 'woodpecker':
      return [woodpeckerServer(values)];
  }
}

const lines = (...texts: readonly string[]) => texts.join('\n');
const image = ({ registry }: SnippetValues) => `${registry}/team/app:1`;
const purpose = ({ access }: SnippetValues) => (access === 'PULL' ? 'PULL' : 'PUSH');
const verb = ({ access }: SnippetValues) => (access === 'PULL' ? 'pull' : 'push');
/** The audience that clients ask for where none is set: the host, without its port. */
const audience = ({ purserUrl }: SnippetValues) => new URL(purserUrl).hostname;

function helper({ purserUrl }: SnippetValues): Snippet {
  return {
    name: 'helper',
    text: lines(
      `export PURSER_URL=${shellWord(purserUrl)}`,
      'curl -fsSo docker-credential-purser "$PURSER_URL/clients/docker-credential-purser"',
      'echo "<SHA-256>  docker-credential-purser" | sha256sum -c - && install docker-credential-purser /usr/local/bin/',
    ),
  };
}

/** Docker looks up its own registry under a URL, and other clients that read its file under the host. */
function dockerConfig({ registry }: SnippetValues): Snippet {
  const keys = registry === 'docker.io' ? ['https://index.docker.io/v1/', 'docker.io'] : [registry];
  const helpers = keys.map((key) => `${JSON.stringify(key)}: "purser"`).join(', ');
  return { name: 'dockerConfig', text: `{ "credHelpers": { ${helpers} } }` };
}

function job(values: SnippetValues): string[] {
  return [
    `export PURSER_URL=${shellWord(values.purserUrl)} PURSER_PROJECT=${shellWord(values.projectId)}`,
    'export PURSER_PIPELINE=web/deploy PURSER_RUN_ID=1742 PURSER_TOKEN_FILE=/run/secrets/purser-token',
  ];
}

function dockerJob(values: SnippetValues): Snippet {
  const command = `docker ${verb(values)} ${image(values)}`;
  return {
    name: 'dockerJob',
    text: lines(...job(values), values.access === 'PULL' ? command : `PURSER_PURPOSE=PUSH ${command}`),
  };
}

function podmanJob(values: SnippetValues): Snippet {
  const helpers = JSON.stringify({ credHelpers: { [values.registry]: 'purser' } });
  return {
    name: 'podmanJob',
    text: lines(
      ...job(values),
      `export REGISTRY_AUTH_FILE="$HOME/purser-auth.json" PURSER_PURPOSE=${purpose(values)}`,
      `echo '${helpers}' > "$REGISTRY_AUTH_FILE"`,
      `podman ${verb(values)} ${image(values)}`,
    ),
  };
}

function externalSecrets({ purserUrl, projectId, registry }: SnippetValues): Snippet {
  return {
    name: 'externalSecrets',
    text: lines(
      'apiVersion: external-secrets.io/v1',
      'kind: SecretStore',
      'metadata:',
      '  name: purser',
      '  namespace: shop',
      'spec:',
      '  provider:',
      '    webhook:',
      `      url: ${yamlText(`${purserUrl}/v1/external-secrets?project=${queryText(projectId)}&pipeline=shop/pull-secret`)}`,
      '      method: POST',
      '      headers:',
      '        Content-Type: application/json',
      '        Authorization: Bearer {{ .purser.token }}',
      `      body: '{"registries":"{{ .remoteRef.key }}"}'`,
      '      result:',
      '        jsonPath: $.dockerconfigjson',
      '      timeout: 10s',
      '      secrets:',
      '        - name: purser',
      '          secretRef:',
      '            name: purser-token',
      '---',
      'apiVersion: external-secrets.io/v1',
      'kind: ExternalSecret',
      'metadata:',
      '  name: pull-secret',
      '  namespace: shop',
      'spec:',
      '  refreshInterval: 1h',
      '  secretStoreRef:',
      '    name: purser',
      '    kind: SecretStore',
      '  target:',
      '    name: pull-secret',
      '    creationPolicy: Owner',
      '    template:',
      '      type: kubernetes.io/dockerconfigjson',
      '  data:',
      '    - secretKey: .dockerconfigjson',
      '      remoteRef:',
      `        key: ${yamlText(registry)}`,
    ),
  };
}

function kubelet(values: SnippetValues): Snippet {
  return {
    name: 'kubelet',
    text: lines(
      'apiVersion: kubelet.config.k8s.io/v1',
      'kind: CredentialProviderConfig',
      'providers:',
      '  - name: purser-credential-provider',
      '    apiVersion: credentialprovider.kubelet.k8s.io/v1',
      '    matchImages:',
      `      - ${yamlText(values.registry)}`,
      '    defaultCacheDuration: 0s',
      '    tokenAttributes:',
      `      serviceAccountTokenAudience: ${yamlText(audience(values))}`,
      '      cacheType: Token',
      '      requireServiceAccount: true',
      '    env:',
      '      - name: PURSER_URL',
      `        value: ${yamlText(values.purserUrl)}`,
      '      - name: PURSER_PROJECT',
      `        value: ${yamlText(values.projectId)}`,
    ),
  };
}

function githubJob(values: SnippetValues): Snippet {
  return {
    name: 'githubJob',
    text: lines(
      'permissions: { contents: read, id-token: write }',
      'steps:',
      '  - uses: actions/checkout@<commit>',
      '  - uses: ./.github/actions/purser',
      '    with:',
      `      url: ${yamlText(values.purserUrl)}`,
      `      project: ${yamlText(values.projectId)}`,
      `      registries: ${yamlText(values.registry)}`,
      `      purpose: ${purpose(values)}`,
      '      sha256: |',
      '        <SHA-256>  docker-credential-purser',
      '        <SHA-256>  purser-job',
      `  - run: docker ${verb(values)} ${image(values)}`,
      '  - uses: ./.github/actions/purser',
      '    if: failure()',
      `    with: { step: report, registries: ${yamlText(values.registry)} }`,
      '  - uses: ./.github/actions/purser',
      '    if: always()',
      '    with: { step: release }',
    ),
  };
}

function gitlabJob(values: SnippetValues): Snippet {
  return {
    name: 'gitlabJob',
    text: lines(
      'include: [{ local: .gitlab/purser.yml }]',
      'variables:',
      `  PURSER_URL: ${yamlText(values.purserUrl)}`,
      `  PURSER_PROJECT: ${yamlText(values.projectId)}`,
      '  PURSER_SHA256_HELPER: <SHA-256>',
      '  PURSER_SHA256_JOB: <SHA-256>',
      `${verb(values)}:`,
      '  extends: .purser',
      `  variables: { PURSER_REGISTRIES: ${yamlText(values.registry)}, PURSER_PURPOSE: ${purpose(values)} }`,
      `  script: [${flowText(`docker ${verb(values)} ${image(values)}`)}]`,
    ),
  };
}

function woodpeckerServer({ purserUrl, projectId, registry }: SnippetValues): Snippet {
  const query = `project=${queryText(projectId)}&registries=${queryText(registry)}`;
  return {
    name: 'woodpeckerServer',
    text: lines(
      `WOODPECKER_REGISTRY_EXTENSION_ENDPOINT=${purserUrl}/v1/woodpecker?${query}`,
      `WOODPECKER_EXTENSIONS_ALLOWED_HOSTS=${new URL(purserUrl).hostname}`,
    ),
  };
}
