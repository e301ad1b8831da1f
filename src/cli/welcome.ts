import type { Service } from '../compose.ts';
import { DEMO_PROJECT as PROJECT } from '../composition/console.ts';

/** First requests to try, ready to paste. Only for development, because it contains a token. */
export async function welcome({ url, developmentToken, consoleLink }: Service): Promise<string> {
  if (!developmentToken) return '';
  const token = await developmentToken(PROJECT);
  const request = (query: string, variables?: object) =>
    `curl -s ${url}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\\n  -d '${JSON.stringify({ query, variables })}'`;
  const consoleText = consoleLink
    ? `
The console; this link signs in once, within a minute (another: npm run -s console-link):

${await consoleLink()}
`
    : '';
  return `
Purser listens on ${url}
${consoleText}
A token for the project "${PROJECT}", with all permissions, for one hour (more: npm run -s token -- --project ${PROJECT}):

export TOKEN=${token}

Register a registry, list what there is, and have the credential issued to a pipeline:

${request(
  `mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "${PROJECT}", input: $input) { registry { id url provider credential { version status } } } }`,
  { input: { url: 'ghcr.io', username: 'octocat', password: 'a-token' } },
)}

${request(`{ registries(projectId: "${PROJECT}") { totalCount nodes { url username usage { activeLeases } } } }`)}

${request(`mutation { issueCredential(projectId: "${PROJECT}", input: { image: "ghcr.io/octocat/app:1", pipeline: "build" }) { username password lease { id expiresAt } } }`)}

`;
}
