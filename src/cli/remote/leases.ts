import * as z from 'zod';
import { PAGE_OPTIONS, readPages } from './pages.ts';
import { findRegistry } from './registry.ts';
import { remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { type Column, minute, table } from './table.ts';

const LEASES = `query ($projectId: ID!, $filter: LeaseFilter, $first: Int, $after: String) {
  leases(projectId: $projectId, filter: $filter, first: $first, after: $after) {
    nodes { id registryId url image credentialVersion pipeline runId purpose issuedTo issuedAt expiresAt releasedAt revokedBy }
    pageInfo { hasNextPage endCursor } } }`;

const leaseData = z.object({
  id: z.string(),
  registryId: z.string(),
  url: z.string(),
  image: z.string(),
  credentialVersion: z.int(),
  pipeline: z.string(),
  runId: z.string().nullable(),
  purpose: z.string(),
  issuedTo: z.string(),
  issuedAt: z.string(),
  expiresAt: z.string(),
  releasedAt: z.string().nullable(),
  revokedBy: z.string().nullable(),
});

const pageData = z.object({
  leases: z.object({
    nodes: z.array(leaseData),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

const COLUMNS: readonly Column<z.infer<typeof leaseData>>[] = [
  { title: 'URL', text: ({ url }) => url },
  { title: 'PIPELINE', text: ({ pipeline }) => pipeline },
  { title: 'RUN', text: ({ runId }) => runId },
  { title: 'PURPOSE', text: ({ purpose }) => purpose },
  { title: 'VERSION', text: ({ credentialVersion }) => credentialVersion },
  { title: 'ISSUED TO', text: ({ issuedTo }) => issuedTo },
  { title: 'ISSUED', text: ({ issuedAt }) => minute(issuedAt) },
  { title: 'ENDS', text: ({ releasedAt, expiresAt }) => minute(releasedAt ?? expiresAt) },
];

export const leases = remote({
  summary: 'Lists who was issued which credential, and until when.',
  options: {
    registry: { type: 'string', value: '<registry>', summary: 'only of this registry: its URL or id' },
    pipeline: { type: 'string', value: '<name>', summary: 'only of this pipeline' },
    'run-id': { type: 'string', value: '<id>', summary: 'only of this run' },
    ended: { type: 'boolean', summary: 'also leases that have ended' },
    ...PAGE_OPTIONS,
  },
  async run({ service, options, answer, say }) {
    const filter = {
      registryId: options.registry === undefined ? undefined : (await findRegistry(service, options.registry)).id,
      pipeline: options.pipeline,
      runId: options['run-id'],
      activeOnly: options.ended !== true,
    };
    const found = await readPages(options, say, async (page) => {
      return (await service.ask(LEASES, { filter, ...page }, pageData)).leases;
    });
    answer(found, (columns) => table(COLUMNS, found, columns));
    return EXIT.done;
  },
});
