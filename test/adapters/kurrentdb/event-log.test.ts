import { inject } from 'vitest';
import { createKurrentEventLog } from '../../../src/adapters/kurrentdb/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { parseStoreAddress } from '../../../src/domain/event-store-url.ts';
import { describeRemoteEventLogContract } from '../../contract/event-log.contract.ts';
import type { RemoteEventLogStore } from '../../contract/event-log-store.ts';
import { aPrefix } from '../../support/kurrent-logs.ts';
import { leadingNode } from '../../support/leading-node.ts';
import { startProtocolDouble } from '../../support/protocol-double/start.ts';
import { namesCluster, urlThrough } from '../../support/store-url.ts';

const prefix = aPrefix();
const open = (url: string) => createKurrentEventLog({ address: parseStoreAddress(url), name: prefix, logger: SILENT });
const given = inject('eventStore')?.url;

/** A proxy that cuts connections stands before the node that leads: of a cluster, the nodes tell their own addresses. */
async function remote(url: string, close: () => Promise<void>): Promise<RemoteEventLogStore> {
  return {
    open: () => open(url),
    server: await leadingNode(url),
    openThrough: (proxy) => open(urlThrough(url, proxy)),
    close,
  };
}

if (given === undefined) {
  describeRemoteEventLogContract('the adapter of KurrentDB over the protocol double', async () => {
    const double = await startProtocolDouble();
    return remote(double.url(), double.close);
  });
} else {
  const kind = namesCluster(given) ? 'a cluster' : 'a single node';
  describeRemoteEventLogContract(`KurrentDB, ${kind}`, () => remote(given, async () => undefined));
}
