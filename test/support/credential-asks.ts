import type { TestPurser } from './purser.ts';

export interface AskAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

export interface Ask {
  readonly path: string;
  readonly body: string;
  /** Default: none. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** One request of a client of one of the protocols for credentials. */
export async function askFor({ url }: Pick<TestPurser, 'url'>, ask: Ask): Promise<AskAnswer> {
  const { path, body, token, headers, method = 'POST' } = ask;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    ...(method === 'POST' && { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** As `docker-credential-helpers`, `client/client.go` writes it to a helper: the server's URL, and nothing else. */
export const dockerAsk = (serverUrl: string, token: string, query = 'project=demo'): Ask => ({
  path: `/v1/docker-credential/get?${query}`,
  body: serverUrl,
  token,
});

/** As kubernetes, `pkg/credentialprovider/plugin/plugin.go` encodes a `CredentialProviderRequest` for a provider. */
export const kubeletAsk = (image: string, token: string | undefined, query = 'project=demo'): Ask => ({
  path: `/v1/kubelet?${query}`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    kind: 'CredentialProviderRequest',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    image,
    ...(token !== undefined && { serviceAccountToken: token }),
    serviceAccountAnnotations: { 'purser.example/project': 'demo' },
  }),
});

/** As a SecretStore with the `body` of docs/clients.md makes it (external-secrets, `pkg/common/webhook/webhook.go`). */
export const externalSecretsAsk = (registries: unknown, token: string, query = 'project=demo'): Ask => ({
  path: `/v1/external-secrets?${query}`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ registries }),
  token,
});
