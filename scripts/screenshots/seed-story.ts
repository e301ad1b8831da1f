import { setTimeout as delay } from 'node:timers/promises';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { createPurserApi, type PurserApi } from '../seed/purser-api.ts';
import type { Issuer } from './issuers.ts';
import type { Service } from './service.ts';
import { FEEDS, OTHER_PROJECTS, PROJECT, REGISTRIES, RULES, type StoryRegistry } from './story.ts';

export const DAY_MS = 86_400_000;
export const EVERYTHING = Object.values(PERMISSIONS);
const PEOPLE = ['ada', 'grace', 'linus'] as const;

const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) { registry { id } } }`;
const UPDATE = `mutation ($projectId: ID!, $id: ID!, $input: UpdateRegistryInput!) {
  updateRegistry(projectId: $projectId, id: $id, input: $input) { registry { id } } }`;
const ROTATE = `mutation ($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) { registry { id } } }`;
const STAGE = `mutation ($projectId: ID!, $id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: $projectId, id: $id, input: $input) { registry { credential { staged { version } } } } }`;
const ACTIVATE = `mutation ($projectId: ID!, $id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: $projectId, id: $id, input: $input) { registry { id } } }`;
const TEST =
  'mutation ($projectId: ID!, $id: ID!, $repository: String) { testRegistry(projectId: $projectId, id: $id, repository: $repository) { outcome } }';
const DELETE = 'mutation ($projectId: ID!, $id: ID!) { deleteRegistry(projectId: $projectId, id: $id) { deletedId } }';
const LINK = `mutation ($projectId: ID!, $id: ID!, $input: LinkPipelineInput!) {
  linkPipeline(projectId: $projectId, id: $id, input: $input) { registry { id } } }`;
const ISSUE = `mutation ($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) { lease { id } } }`;
const RELEASE =
  'mutation ($projectId: ID!, $leaseId: ID!) { releaseLease(projectId: $projectId, leaseId: $leaseId) { id } }';
const FEED = `mutation ($projectId: ID!, $input: CreateCalendarFeedInput!) {
  createCalendarFeed(projectId: $projectId, input: $input) { feed { id } } }`;
const REVOKE_FEED =
  'mutation ($projectId: ID!, $id: ID!) { revokeCalendarFeed(projectId: $projectId, id: $id) { revokedId } }';
const NOTICES = 'query ($projectId: ID!) { rotationNotices(projectId: $projectId, first: 50) { nodes { kind } } }';
const RULE = `mutation ($projectId: ID!, $input: TrustRuleInput!) {
  createTrustRule(projectId: $projectId, input: $input) { rule { id } } }`;

/** What views are opened with. */
export interface Seeded {
  /** By the name in the story. */
  readonly registryIds: ReadonlyMap<string, string>;
  readonly ruleId: string;
}

/** Lets a month pass in the service, through its API, and ends at `now`. */
export async function seedStory(service: Service, people: Issuer, now: number): Promise<Seeded> {
  const registryIds = new Map<string, string>();
  let ruleId = '';
  let runId = 1700;

  const caller = async (subject: string, permissions: readonly string[] = EVERYTHING, project = PROJECT) =>
    createPurserApi(
      service.url,
      await people.sign({ sub: subject, projects: { [project]: permissions } }, Math.floor(service.now() / 1000)),
    );
  const idOf = (name: string) => registryIds.get(name) ?? '';

  for (let daysAgo = 30; daysAgo >= 0; daysAgo -= 1) {
    // The working day begins; the last one is the present.
    await service.moveClock(now - daysAgo * DAY_MS - (daysAgo === 0 ? 0 : 3_600_000));
    const person = await caller(PEOPLE[daysAgo % PEOPLE.length] ?? 'ada');
    for (const registry of REGISTRIES) await changesOf(registry, daysAgo, person);
    await Promise.all(REGISTRIES.map((registry) => useOf(registry, daysAgo)));
    if (daysAgo % 9 === 4) await fail();
    if (daysAgo === 8) await deleteOne(person);
    if (daysAgo === 5) await feedsAndRules(person);
  }
  await present(await caller('ada'));
  for (const [projectId, urls] of Object.entries(OTHER_PROJECTS)) {
    const api = await caller('ada', EVERYTHING, projectId);
    for (const url of urls) {
      await api.run(CREATE, { projectId, input: { url, username: 'ci', password: `password-of-${projectId}` } });
    }
  }
  // Notices of time are made by the database's clock, which nobody moved.
  await service.moveClock(Date.now());
  await noticesOfTime(await caller('ada'));
  return { registryIds, ruleId };

  /** Until it was noticed what expires. */
  async function noticesOfTime(ada: PurserApi): Promise<void> {
    const awaited = REGISTRIES.filter(({ expiresInDays = 99 }) => expiresInDays < 30).length;
    for (let noticed = 0; noticed < awaited; await delay(200)) {
      const { rotationNotices } = await ada.run<{ rotationNotices: { nodes: { kind: string }[] } }>(NOTICES, {
        projectId: PROJECT,
      });
      noticed = rotationNotices.nodes.filter(({ kind }) => kind === 'EXPIRING').length;
    }
  }

  async function changesOf(registry: StoryRegistry, daysAgo: number, person: PurserApi): Promise<void> {
    const { name, url, provider, description, username, access, rotateEveryDays, mint } = registry;
    if (registry.addedDaysAgo === daysAgo) {
      const input = {
        name,
        url,
        provider,
        description,
        username,
        access,
        rotateEveryDays,
        mint,
        password: registry.password(),
      };
      const { createRegistry } = await person.run<{ createRegistry: { registry: { id: string } } }>(CREATE, {
        projectId: PROJECT,
        input,
      });
      registryIds.set(name, createRegistry.registry.id);
    }
    if (registry.rotatedDaysAgo?.includes(daysAgo)) {
      await person.run(ROTATE, { projectId: PROJECT, id: idOf(name), input: { password: registry.password() } });
    }
  }

  async function useOf({ url, addedDaysAgo, pipelines = [] }: StoryRegistry, daysAgo: number): Promise<void> {
    if (addedDaysAgo < daysAgo) return;
    const weekday = new Date(service.now()).getUTCDay();
    const isWeekend = weekday === 0 || weekday === 6;
    for (const { name, image, runsADay, purpose = 'PULL' } of pipelines) {
      const count = isWeekend ? Math.floor(runsADay / 3) : runsADay + ((daysAgo * runsADay) % 3);
      const api = await caller(`ci:${name}`, [PERMISSIONS.registryUse]);
      const runs = Array.from({ length: count }, () => runPipeline(api, name, `${url}/${image}:1`, purpose));
      await Promise.all(runs);
    }
  }

  async function runPipeline(api: PurserApi, pipeline: string, image: string, purpose: string) {
    runId += 1;
    const input = { image, pipeline, runId: String(runId), purpose };
    const isReleased = runId % 3 === 0;
    const { issueCredential } = await api.run<{ issueCredential: { lease: { id: string } } }>(ISSUE, {
      projectId: PROJECT,
      input,
    });
    if (isReleased) await api.run(RELEASE, { projectId: PROJECT, leaseId: issueCredential.lease.id });
  }

  /** A pipeline asks for a registry that is not there, and a stranger for one that is. */
  async function fail(): Promise<void> {
    const pipeline = await caller('ci:experiments', [PERMISSIONS.registryUse]);
    const nowhere = { image: 'registry.old.example/app:1', pipeline: 'experiments/build', runId: '7' };
    for (let time = 0; time < 2; time += 1) await pipeline.codeOf(ISSUE, { projectId: PROJECT, input: nowhere });
    const stranger = await caller('mallory', [PERMISSIONS.registryRead]);
    const image = { image: 'docker.io/library/node:22', pipeline: 'elsewhere/build' };
    await stranger.codeOf(ISSUE, { projectId: PROJECT, input: image });
  }

  async function deleteOne(person: PurserApi): Promise<void> {
    const input = {
      url: 'shop-trial.azurecr.io',
      name: 'Trial tenant',
      username: 'trial',
      password: 'trial-password-1',
    };
    const { createRegistry } = await person.run<{ createRegistry: { registry: { id: string } } }>(CREATE, {
      projectId: PROJECT,
      input,
    });
    const { id } = createRegistry.registry;
    await person.run(ROTATE, { projectId: PROJECT, id, input: { password: 'trial-password-2' } });
    await person.run(DELETE, { projectId: PROJECT, id });
  }

  async function feedsAndRules(person: PurserApi): Promise<void> {
    for (const name of FEEDS) {
      const { createCalendarFeed } = await person.run<{ createCalendarFeed: { feed: { id: string } } }>(FEED, {
        projectId: PROJECT,
        input: { name },
      });
      if (name === FEEDS.at(-1)) await person.run(REVOKE_FEED, { projectId: PROJECT, id: createCalendarFeed.feed.id });
    }
    for (const input of RULES) {
      const { createTrustRule } = await person.run<{ createTrustRule: { rule: { id: string } } }>(RULE, {
        projectId: PROJECT,
        input,
      });
      ruleId ||= createTrustRule.rule.id;
    }
  }

  /** What is found and under way now. */
  async function present(ada: PurserApi): Promise<void> {
    for (const { name, expiresInDays, isTested, pipelines } of REGISTRIES) {
      const id = idOf(name);
      if (expiresInDays !== undefined) {
        const expiresAt = new Date(now + expiresInDays * DAY_MS - 3 * 3_600_000).toISOString();
        await ada.run(UPDATE, { projectId: PROJECT, id, input: { expiresAt } });
      }
      const repository = pipelines?.[0]?.image;
      if (isTested) await ada.run(TEST, { projectId: PROJECT, id, repository });
    }
    const azure = idOf('Azure production');
    await ada.run(LINK, {
      projectId: PROJECT,
      id: azure,
      input: { pipeline: 'search/rollback', note: 'By hand, by whoever is on call.' },
    });
    const { stageCredential } = await ada.run<{
      stageCredential: { registry: { credential: { staged: { version: number } } } };
    }>(STAGE, { projectId: PROJECT, id: azure, input: { password: 'azure-next-password' } });
    const { version } = stageCredential.registry.credential.staged;
    const input = { version, verify: false, graceMinutes: 240 };
    await ada.run(ACTIVATE, { projectId: PROJECT, id: azure, input });
    await ada.run(STAGE, { projectId: PROJECT, id: idOf('Harbor'), input: { password: 'harbor-next-password' } });
  }
}
