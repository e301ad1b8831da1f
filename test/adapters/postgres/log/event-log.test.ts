import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { describeRemoteEventLogContract } from '../../../contract/event-log.contract.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { serverOf, throughPort } from '../../../support/server-databases.ts';

describeRemoteEventLogContract('Postgres', async () => {
  const { connectionString, drop } = await createTestDatabase();
  return {
    open: () => createPostgresEventLog({ connectionString, logger: SILENT }),
    server: serverOf(connectionString),
    openThrough: (port) =>
      createPostgresEventLog({ connectionString: throughPort(connectionString, port), logger: SILENT }),
    close: drop,
  };
});
