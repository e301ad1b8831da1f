import type { Service } from '../compose.ts';

const PROJECT = 'demo';

/** First requests to try, ready to paste. Only for development, because it contains a token. */
export async function welcome({ url, developmentToken }: Service): Promise<string> {
  if (!developmentToken) return '';
  const token = await developmentToken(PROJECT);
  const request = (query: string) =>
    `curl -s ${url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\\n  -d '${JSON.stringify({ query })}'`;
  return `
Purser listens on ${url}

A token for the project "${PROJECT}", with all permissions, for one hour (more: npm run -s token -- --project ${PROJECT}):

export TOKEN=${token}

Register a registry, list what there is, and have the credential issued to a pipeline:

${request(`mutation { createRegistry(projectId: "${PROJECT}", input: { url: "ghcr.io", username: "octocat", password: "a-token" }) { registry { id url provider credential { version status } } } }`)}

${request(`{ registries(projectId: "${PROJECT}") { totalCount nodes { url username usage { activeLeases } } } }`)}

${request(`mutation { issueCredential(projectId: "${PROJECT}", input: { image: "ghcr.io/octocat/app:1", pipeline: "build" }) { username password lease { id expiresAt } } }`)}

`;
}
