import { expect, it } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createStandbyServer } from '../../../../src/adapters/postgres/standby/standby-server.ts';

it('admits sessions of one standby alone, until it is lost', async () => {
  const server = createStandbyServer({
    connectionString: 'postgresql://nobody@127.0.0.1:1/none',
    primary: { query: async () => ({ rows: [] }) },
    onOtherServer: () => undefined,
    logger: SILENT,
  });
  server.admit({ standby: true, started_at: '1.5' });
  server.admit({ standby: true, started_at: '1.5' });
  expect(() => server.admit({ standby: true, started_at: '2.5' })).toThrow(
    'Its address leads to more than one server.',
  );
  expect(() => server.admit({ standby: false, started_at: '1.5' })).toThrow('It is not a standby');
  server.forget();
  server.admit({ standby: true, started_at: '2.5' });
  await server.close();
});
