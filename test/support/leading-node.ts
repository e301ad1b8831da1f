import { loadClientLibrary } from '../../src/adapters/kurrentdb/client-api.ts';
import { parseStoreAddress } from '../../src/domain/event-store-url.ts';
import { namesCluster } from './store-url.ts';

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the node listens that leads; of a single node, what the URL says. */
export async function leadingNode(url: string): Promise<NodeAddress> {
  const { connectionString, hosts } = parseStoreAddress(url);
  if (!namesCluster(url)) return addressOf(hosts[0] ?? '');
  const { KurrentDBClient } = await loadClientLibrary();
  const client = KurrentDBClient.connectionString(connectionString.reveal());
  try {
    // The client asks the members of the cluster, and connects to their leader.
    const channel = await client.getChannel();
    try {
      if (!('getTarget' in channel) || typeof channel.getTarget !== 'function')
        throw new Error('the channel has no target');
      return addressOf(String(channel.getTarget()).replace(/^dns:/, ''));
    } finally {
      channel.close();
    }
  } finally {
    await client.dispose();
  }
}

function addressOf(text: string): NodeAddress {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new Error(`${text} is no address of a node`);
  return { host, port: Number(port) };
}
