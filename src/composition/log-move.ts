import type { Client } from 'pg';
import type { Logger } from 'pino';
import { forgetEdges } from '../adapters/postgres/event-archives.ts';
import {
  countAuditChains,
  currentLeader,
  moveToEventStore,
  readEventStore,
} from '../adapters/postgres/read-models/event-store.ts';
import { bringUpToDate, type RebuildDeps, rebuildReadModels } from '../adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { type CopyProgress, copyLog, verifyCopy, verifyMoved } from '../application/log/copy-log.ts';
import type { EventCopies, EventLog, Position } from '../application/ports/event-log.ts';
import type { Config } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';
import { openLogBeginning } from './log-beginning.ts';
import { type OpenVault, openVault } from './stores.ts';

/** A log, and the name of the store that it is in. */
export interface NamedLog {
  readonly name: string;
  readonly log: EventLog & EventCopies;
}

export type MoveProgress = CopyProgress;
export type MoveStep = 'copied' | 'compared' | 'rebuilding';

export interface MoveLogDeps {
  readonly config: Config;
  readonly logger: Logger;
  /** The database with the vault and the read models. */
  readonly connectionString: string;
  readonly source: NamedLog;
  readonly target: NamedLog;
  /** The folder with events that have left the source. */
  readonly archives: string | undefined;
  readonly onProgress: (step: MoveStep, progress: MoveProgress) => void;
}

export interface MovedLog {
  readonly events: number;
  readonly copied: number;
  /** Events that Purser did not write, or that were changed since: they are in both stores. */
  readonly notAuthentic: number;
  readonly auditChains: number;
}

/**
 * Copies the log into another store, compares both, and builds the read models of the database from the copy: its
 * positions are those of the target from then on. The source is left as it is. A run that was ended is gone on with by the
 * next.
 * @throws OperatorError if a service runs, the target holds something else, or an audit chain is another one
 */
export async function moveLog(deps: MoveLogDeps): Promise<MovedLog> {
  const { config, logger, connectionString, target, archives, onProgress } = deps;
  const session = { connectionString, name: 'purser copy-log', statementTimeoutMs: 0 };
  const client = await openSession(session, () => undefined);
  const vault = await openVault(config, logger, { connectionString, log: deps.source.log }).catch(
    async (error: unknown) => {
      await client.end();
      throw error;
    },
  );
  try {
    await requireNoService(client);
    const isMoved = await requireStore(client, deps.source.name, target.name);
    const source = await wholeSource(client, deps.source, vault.authenticator, archives);
    const between = { source: source.log, target: target.log };
    const { copied } = isMoved
      ? { copied: 0 }
      : await copyLog({ ...between, onProgress: (progress) => onProgress('copied', progress) });

    const { authenticator } = vault;
    const end = await source.log.head();
    let notAuthentic = 0;
    // Which events had left the source is not known any more: the target has them.
    const compare = isMoved ? verifyMoved : verifyCopy;
    const events = await compare({
      ...between,
      onEvent: (event) => {
        if (!authenticator.isAuthentic(event)) notAuthentic += 1;
      },
      onProgress: (progress) => onProgress('compared', progress),
    });

    onProgress('rebuilding', { events, copied, share: 1 });
    const rebuild: Omit<RebuildDeps, 'log'> = {
      authenticator,
      connect: ({ pipeline }) => openSession({ ...session, pipeline }, () => undefined),
      onFault: (error) => logger.warn({ err: error }, 'an event cannot be applied'),
    };
    // What has not reached webhooks and the vault must do so first, while the positions are still those of the source.
    if (!isMoved) await bringUpToDate({ ...rebuild, log: deps.source.log });
    const head = await target.log.head();
    await rebuildReadModels(
      { ...rebuild, log: target.log, begins: { edge: source.edge, state: undefined } },
      {
        until: head,
        async beforeSwap(swap) {
          await requireNoService(swap);
          await requireSameEnd(source.log, end);
          await moveToEventStore(swap, target.name, head);
          // The target has all events, at positions of its own.
          await forgetEdges(swap);
        },
      },
    );
    return { events, copied, notAuthentic, auditChains: await countAuditChains(client) };
  } finally {
    await vault.close();
    await client.end();
  }
}

/** The source with the events that have left it. */
async function wholeSource(
  client: Client,
  { log, name }: NamedLog,
  authenticator: OpenVault['authenticator'],
  archives: string | undefined,
): Promise<{ readonly log: EventLog; readonly edge: Position }> {
  const opened = await openLogBeginning(client, log, authenticator, archives);
  const { edge, state } = opened.begins;
  if (state === undefined) return { log: opened.log, edge };
  throw new OperatorError(
    `Events of ${name} up to position ${edge} were archived. Name the folder that holds the archives, so that they are copied too: --archive <folder>.`,
  );
}

/** Whether the read models are those of the target already, from a run before. */
async function requireStore(client: Client, source: string, target: string): Promise<boolean> {
  const known = (await readEventStore(client)) ?? source;
  if (known === source || known === target) return known === target;
  throw new OperatorError(`The events of this database are in ${known}, and --from names ${source}.`);
}

async function requireNoService(client: Pick<Client, 'query'>): Promise<void> {
  const leader = await currentLeader(client);
  if (leader === undefined) return;
  throw new OperatorError(
    `A service is running with this database (${leader} leads). Stop every replica, then run the command again: it goes on where it is now.`,
  );
}

async function requireSameEnd(log: Pick<EventLog, 'head'>, end: Position): Promise<void> {
  if ((await log.head()) === end) return;
  throw new OperatorError(
    'Events were added to the source meanwhile. Stop every replica, then run the command again: it goes on where it is now.',
  );
}
