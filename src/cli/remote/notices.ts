import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../command.ts';
import { PAGE_OPTIONS, readPages } from './pages.ts';
import { findRegistry } from './registry.ts';
import { type Call, remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { type Column, minute, table } from './table.ts';
import { visibleJson, visibleText } from './visible-text.ts';

const FIELDS = 'cursor kind registryId url credentialVersion occurredAt expiresAt actor leasesOnOlderVersions message';

const LIST = `query ($projectId: ID!, $registryId: ID, $first: Int, $after: String) {
  rotationNotices(projectId: $projectId, registryId: $registryId, first: $first, after: $after) {
    latestCursor nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } }`;

const FOLLOW = `subscription ($projectId: ID!, $registryId: ID, $after: String) {
  rotationNotices(projectId: $projectId, registryId: $registryId, after: $after) { ${FIELDS} } }`;

const noticeData = z.object({
  cursor: z.string(),
  kind: z.string(),
  registryId: z.string(),
  url: z.string(),
  credentialVersion: z.int(),
  occurredAt: z.string(),
  expiresAt: z.string().nullable(),
  actor: z.string(),
  leasesOnOlderVersions: z.int(),
  message: z.string(),
});
type Notice = z.infer<typeof noticeData>;

const pageData = z.object({
  rotationNotices: z.object({
    latestCursor: z.string(),
    nodes: z.array(noticeData),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const eventData = z.object({ rotationNotices: noticeData });

const COLUMNS: readonly Column<Notice>[] = [
  { title: 'TIME', text: ({ occurredAt }) => minute(occurredAt) },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'URL', text: ({ url }) => url },
  { title: 'MESSAGE', text: ({ message }) => message },
];

/** Between attempts to connect again: doubled each time, up to the last. Milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 15_000];

export const notices = remote({
  summary: 'Lists what those responsible for registries should know, newest first, or follows it.',
  options: {
    registry: { type: 'string', value: '<registry>', summary: 'only of this registry: its URL or id' },
    follow: { type: 'boolean', summary: 'prints each as it comes, until Ctrl-C; as JSON one a line' },
    after: {
      type: 'string',
      value: '<cursor>',
      summary: 'with --follow: begins after the notice with this cursor (default: now)',
    },
    ...PAGE_OPTIONS,
  },
  notes:
    'With --follow it connects again by itself, and misses nothing: --after the last cursor goes on where it was stopped.',
  async run(call) {
    const { service, options, answer, say } = call;
    const registryId = options.registry === undefined ? undefined : (await findRegistry(service, options.registry)).id;
    const read = async (page: Record<string, unknown>) =>
      (await service.ask(LIST, { registryId, ...page }, pageData)).rotationNotices;
    if (options.follow === true) {
      return follow(call, { registryId }, String(options.after ?? (await read({ first: 1 })).latestCursor));
    }
    const found = await readPages(options, say, read);
    answer(found, (columns) => table(COLUMNS, found, columns));
    return EXIT.done;
  },
});

async function follow(
  { service, isForPeople, output, say }: Call,
  variables: Record<string, unknown>,
  after: string,
): Promise<never> {
  let cursor = after;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      for await (const { rotationNotices: notice } of service.follow(
        FOLLOW,
        { ...variables, after: cursor },
        eventData,
      )) {
        output.stdout.write(isForPeople ? line(notice) : `${visibleJson(notice)}\n`);
        cursor = notice.cursor;
        pause = FIRST_PAUSE_MS;
      }
    } catch (error) {
      if (!(error instanceof CommandError) || error.exitCode !== EXIT.unavailable) throw error;
      say(`${error.message} Connecting again.`);
    }
    await delay(pause);
  }
}

function line({ occurredAt, kind, message }: Notice): string {
  return `${minute(occurredAt)}  ${visibleText(kind)}  ${visibleText(message)}\n`;
}
