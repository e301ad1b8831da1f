import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Cluster, HOST } from './cluster.ts';
import type { Fault } from './faults.ts';

/** What tests may ask of the protocol double. `member` is its number, from 0; without it all are meant. */
export type Order =
  | { readonly order: 'fault'; readonly fault: Fault }
  | { readonly order: 'clear-faults' }
  /** What becomes of the appends that are held. */
  | { readonly order: 'release'; readonly takes: boolean }
  | { readonly order: 'refuse'; readonly member?: number }
  | { readonly order: 'accept'; readonly member?: number }
  | { readonly order: 'break-connections' }
  | { readonly order: 'lead'; readonly member: number; readonly electionMs: number }
  | { readonly order: 'drop-subscriptions' }
  | { readonly order: 'report' };

export interface Report {
  /** Of all streams, with those of the server itself. */
  readonly events: number;
  /** Calls that wanted to write, whatever came of them. */
  readonly writes: number;
  readonly subscriptions: number;
  readonly leader: number | undefined;
  /** Appends that wait to be released. */
  readonly held: number;
  /** How often somebody asked for the members of the cluster. */
  readonly searches: number;
}

async function obey(cluster: Cluster, order: Order): Promise<void> {
  switch (order.order) {
    case 'fault':
      return cluster.faults.add(order.fault);
    case 'clear-faults':
      return cluster.faults.clear();
    case 'release':
      return cluster.faults.release(order.takes);
    case 'refuse':
      await Promise.all(members(cluster, order.member).map((member) => member.refuse()));
      return;
    case 'accept':
      await Promise.all(members(cluster, order.member).map((member) => member.accept()));
      return;
    case 'break-connections':
      for (const member of cluster.members) member.breakConnections();
      return;
    case 'lead':
      return cluster.lead(order.member, order.electionMs);
    case 'drop-subscriptions':
      for (const drop of [...cluster.subscriptions]) drop();
      return;
    case 'report':
      return;
    default:
      throw new Error(`unknown order ${JSON.stringify(order)}`);
  }
}

function members(cluster: Cluster, number: number | undefined) {
  return cluster.members.filter((_member, index) => number === undefined || index === number);
}

/** Takes orders on a port of loopback, by POST. @returns the port */
export async function openControl(cluster: Cluster): Promise<number> {
  const server = createServer(async (request, response) => {
    try {
      await obey(cluster, JSON.parse(await text(request)));
      const leader = cluster.leader && cluster.members.indexOf(cluster.leader);
      const { events, faults, searches, subscriptions, writes } = cluster;
      const report: Report = {
        events: events.all.length,
        writes,
        subscriptions: subscriptions.size,
        leader,
        held: faults.held,
        searches,
      };
      response.end(JSON.stringify(report));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the control has no port');
  return address.port;
}
