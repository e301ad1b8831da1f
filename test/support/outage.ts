import type { GraphqlAnswer, TestPurser } from './purser.ts';

/** What `/readyz` says of the database. */
export async function readinessOf({ url }: Pick<TestPurser, 'url'>) {
  const answer = await fetch(`${url}/readyz`);
  const { checks } = (await answer.json()) as { checks: { database: string; reason?: string } };
  const { database, reason } = checks;
  return { status: answer.status, database, ...(reason !== undefined && { reason }) };
}

export const READY = { status: 200, database: 'ok' };

/** Not ready, with a sentence that says why. */
export function unreadyBecause(reason: string) {
  return { status: 503, database: 'unavailable', reason };
}

/** Registers a registry in the project `demo`; `issue` hands its password out. */
export async function registerGhcr(purser: TestPurser): Promise<void> {
  const { errors } = await purser.graphql(`mutation {
    createRegistry(projectId: "demo", input: { url: "ghcr.io", username: "ada", password: "ghp_example" }) {
      registry { id }
    }
  }`);
  if (errors) throw new Error(errors[0]?.message);
}

/** The password, or the error's code and message. */
export async function issue(purser: TestPurser): Promise<string> {
  const { data, errors }: GraphqlAnswer = await purser.graphql(`mutation {
    issueCredential(projectId: "demo", input: { image: "ghcr.io/ada/app", pipeline: "p" }) { password }
  }`);
  const [error] = errors ?? [];
  return error ? `${error.extensions.code}: ${error.message}` : data.issueCredential.password;
}
