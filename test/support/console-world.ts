import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { CREATE, ISSUE, ROTATE } from '../service/operations.ts';
import { CREATE_RULE, GITHUB_RULE } from '../service/trust-operations.ts';
import { canary } from './canary.ts';
import { createGithub } from './ci-issuers.ts';
import { RETIRING_HOST, type ShownIds, STAGED_HOST } from './console-views.ts';
import { startOpenidProvider } from './openid-provider.ts';
import { collectPolicyReports, type PolicyReport } from './policy-reports.ts';
import type { GraphqlAnswer } from './purser.ts';
import { createPurserHome, type PurserHome } from './purser-process.ts';
import { createTestIssuer } from './tokens.ts';
import { startReceiver, statuses, webhookEnvironment } from './webhook-receiver.ts';

/** Runs if it becomes an element; as text it does nothing. */
export const SCRIPT = '<img src=x onerror="window.hasRun=1"><script>window.hasRun=1</script>';
/** Runs if somebody follows it as a link. */
const SCRIPT_LINK = 'javascript:window.hasRun=1';
const HOST = 'scripts.example.com';

/** A service whose project `demo` has something to show in every view, with a script in every text; `shop` is empty. */
export interface ConsoleWorld extends ShownIds {
  readonly purser: PurserHome;
  /** What browsers have reported of its policy so far. */
  readonly policyReports: readonly PolicyReport[];
  /** Of a pipeline that may use credentials. */
  pipelineToken(): string;
  close(): Promise<void>;
}

export const CONSOLE_WORLD = {
  /** Asks for the credential. */
  ask: `mutation { issueCredential(projectId: "demo", input: { image: "${HOST}/a", pipeline: "p", runId: "r" }) { password } }`,
  /** The views in which a script must be seen as text. */
  showScripts: ({ registryId, ruleId }: ShownIds): readonly string[] => [
    '',
    '/registries',
    `/registries/${registryId}?tab=pipelines`,
    `/registries/${registryId}?tab=leases`,
    '/calendar',
    '/audit',
    '/trust',
    `/trust/${ruleId}`,
  ],
} as const;

const LINK = `mutation ($id: ID!, $input: LinkPipelineInput!) {
  linkPipeline(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const STAGE = `mutation ($id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const ACTIVATE = `mutation ($id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const CREATE_FEED = `mutation ($input: CreateCalendarFeedInput!) {
  createCalendarFeed(projectId: "demo", input: $input) { feed { id } } }`;

export async function openConsoleWorld(): Promise<ConsoleWorld> {
  const [provider, receiver, reports] = await Promise.all([
    startOpenidProvider(),
    startReceiver(statuses(410)),
    collectPolicyReports(),
  ]);
  const [api, github] = [createTestIssuer(), createGithub()];
  const people: unknown = JSON.parse(provider.environment.JWT_ISSUERS);
  const purser = await createPurserHome({
    ...provider.environment,
    JWT_ISSUERS: JSON.stringify([people, JSON.parse(api.jwtIssuers), github.entry].flat()),
    ...webhookEnvironment({ chat: receiver }),
    CONSOLE_REPORT_URL: reports.url,
  });
  const close = async () => {
    await purser.remove();
    await Promise.all([provider.close(), receiver[Symbol.asyncDispose](), reports.close()]);
  };
  const pipelineToken = () => api.token({ projects: { demo: [PERMISSIONS.registryUse] }, subject: SCRIPT });

  /** As a client that calls itself by a script, too. */
  async function graphql(query: string, variables: object, token = api.token({ subject: SCRIPT })) {
    const response = await fetch(`${purser.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'user-agent': SCRIPT },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as GraphqlAnswer;
    if (errors) throw new Error(errors[0]?.message);
    return data;
  }

  /** A registry with a version that is staged beside the current one. */
  async function withNext(url: string): Promise<string> {
    const created = await graphql(CREATE, { input: { url, username: 'ci', password: canary('world') } });
    const { id } = created.createRegistry.registry;
    await graphql(STAGE, { id, input: { password: canary('world') } });
    return id;
  }

  async function fill(): Promise<ShownIds> {
    const texts = { name: SCRIPT, description: `${SCRIPT} ${SCRIPT_LINK}` };
    const login = { username: SCRIPT, password: canary('world') };
    const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const created = await graphql(CREATE, { input: { ...texts, ...login, url: HOST, expiresAt, rotateEveryDays: 30 } });
    const { id } = created.createRegistry.registry;
    const stagedId = await withNext(STAGED_HOST);
    const retiringId = await withNext(RETIRING_HOST);
    // With more leases than are shown at first.
    for (const runId of ['1', '2', '3', '4']) {
      await graphql(
        ISSUE,
        { input: { image: `${RETIRING_HOST}/team/app:latest`, pipeline: 'shop', runId } },
        pipelineToken(),
      );
    }
    const activation = { version: 2, verify: false, graceMinutes: 60 };
    await graphql(ACTIVATE, { id: retiringId, input: activation });
    await graphql(LINK, { id, input: { pipeline: SCRIPT, note: SCRIPT } });
    const asked = { image: `${HOST}/team/app:latest`, pipeline: SCRIPT, runId: SCRIPT };
    await graphql(ISSUE, { input: asked }, pipelineToken());
    await graphql(ISSUE, { input: { ...asked, pipeline: SCRIPT_LINK, runId: SCRIPT_LINK } }, pipelineToken());
    await graphql(ROTATE, { id, input: { password: canary('world') } });
    await graphql(CREATE_FEED, { input: { name: SCRIPT } });
    const { createTrustRule } = await graphql(CREATE_RULE, { input: { ...GITHUB_RULE, name: SCRIPT } });
    // One that is refused stands in the log with its reason.
    await graphql(ISSUE, { input: asked }, api.token({ projects: { demo: [] }, subject: SCRIPT })).catch(
      () => undefined,
    );
    return { registryId: id, stagedId, retiringId, ruleId: createTrustRule.rule.id };
  }

  try {
    await purser.start();
    return { ...(await fill()), purser, policyReports: reports.received, pipelineToken, close };
  } catch (error) {
    await close();
    throw error;
  }
}
