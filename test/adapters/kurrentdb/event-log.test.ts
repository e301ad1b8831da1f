import { parseStoreAddress } from '../../../src/adapters/kurrentdb/connection-string.ts';
import { createKurrentEventLog } from '../../../src/adapters/kurrentdb/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { describeRemoteEventLogContract } from '../../contract/event-log.contract.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';

describeRemoteEventLogContract('the adapter of KurrentDB over the protocol double', async () => {
  const double = await startProtocolDouble();
  const open = (url: string) =>
    createKurrentEventLog({ address: parseStoreAddress(url), name: 'contract', logger: SILENT });
  const [port = 0] = double.ports;
  return {
    open: () => open(double.url()),
    server: { host: '127.0.0.1', port },
    openThrough: (through) => open(double.url().replace(`:${port}`, `:${through}`)),
    close: double.close,
  };
});
