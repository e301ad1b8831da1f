import { inject } from 'vitest';
import { createKurrentEventLog } from '../../../src/adapters/kurrentdb/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { describeEventLogContract, describeRemoteEventLogContract } from '../../contract/event-log.contract.ts';
import type { RemoteEventLogStore } from '../../contract/event-log-store.ts';
import { aPrefix } from '../../support/kurrent-logs.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';
import { urlThrough } from '../../support/store-url.ts';

const prefix = aPrefix();
const open = (url: string) => createKurrentEventLog({ address: parseStoreAddress(url), name: prefix, logger: SILENT });
const given = inject('eventStore')?.url;

function remote(url: string, close: () => Promise<void>): RemoteEventLogStore {
  const [host = '', port = ''] = parseStoreAddress(url).hosts[0]?.split(':') ?? [];
  return {
    open: () => open(url),
    server: { host, port: Number(port) },
    openThrough: (proxy) => open(urlThrough(url, proxy)),
    close,
  };
}

const isCluster = given !== undefined && (/\+discover/.test(given) || parseStoreAddress(given).hosts.length > 1);
if (given === undefined) {
  describeRemoteEventLogContract('the adapter of KurrentDB over the protocol double', async () => {
    const double = await startProtocolDouble();
    return remote(double.url(), double.close);
  });
} else if (isCluster) {
  // Its nodes tell their own addresses, so no proxy can stand before them: connections are not cut here.
  describeEventLogContract('KurrentDB, a cluster', async () => ({
    open: () => open(given),
    close: async () => undefined,
  }));
} else {
  describeRemoteEventLogContract('KurrentDB, a single node', async () => remote(given, async () => undefined));
}
