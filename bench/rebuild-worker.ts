import { createPostgresEventLog } from '../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { rebuildReadModels } from '../src/adapters/postgres/read-models/rebuild.ts';
import { authenticator, connectTo, threadsOf } from './rebuild-threads.ts';

/** One rebuild in a process of its own, because the most memory that a process had never goes down. */
export interface RebuildOrder {
  readonly connectionString: string;
}

export interface RebuildResult {
  readonly events: number;
  readonly milliseconds: number;
  /** Of this process, without Postgres. */
  readonly cpuMicroseconds: number;
  /** The most memory that the process had. */
  readonly peakBytes: number;
}

async function rebuild({ connectionString }: RebuildOrder): Promise<RebuildResult> {
  const log = createPostgresEventLog({ connectionString, logger: SILENT });
  try {
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    const { events } = await rebuildReadModels({
      log,
      authenticator,
      connect: connectTo(connectionString),
      startThreads: threadsOf(connectionString),
    });
    const milliseconds = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return { events, milliseconds, cpuMicroseconds: user + system, peakBytes: process.resourceUsage().maxRSS * 1024 };
  } finally {
    await log.close();
  }
}

process.on('message', (order: RebuildOrder) => {
  rebuild(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
