/**
 * The protocol double: speaks the gRPC protocol of KurrentDB, with the service definitions that its client ships, to the
 * real client over a real socket, and does wrong what it is told to. It is a process, so that it outlives the services
 * under test.
 *
 * What it does not prove: that anything is durable (events are in memory, or in a file that is not synced), the order of
 * events under load (there is one thread and no replication), TLS in depth (one certificate, no revocation, no client
 * certificates), elections (a member leads because it was told to, and no write is ever lost by it), access lists,
 * scavenging, and how fast a server is.
 */
import { readFileSync } from 'node:fs';
import { createCluster } from './cluster.ts';
import { openControl } from './control.ts';
import { openKeptChanges } from './kept-changes.ts';
import { createMember } from './member.ts';
import { addServices } from './services.ts';
import { StoredEvents } from './stored-events.ts';

/** The first argument, as JSON. */
export interface ProtocolDoubleOptions {
  /** Ports of the members; 0 for any. */
  readonly ports: readonly number[];
  readonly version: string;
  readonly login?: string;
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** Where events are kept, if they are to outlive the process. */
  readonly file?: string;
  readonly systemEventEvery: number;
  readonly hidesEpochEvents: boolean;
  readonly recentIds: number;
  readonly maxAppendBytes: number;
}

/** What it says when it is ready, as a line of JSON. */
export interface Ready {
  readonly ports: readonly number[];
  readonly control: number;
}

const options: ProtocolDoubleOptions = JSON.parse(process.argv[2] ?? '');
const tls = options.tls && {
  certificate: readFileSync(options.tls.certificateFile),
  key: readFileSync(options.tls.keyFile),
};
const kept = options.file === undefined ? undefined : openKeptChanges(options.file);
const events = new StoredEvents(options, kept?.keep);
for (const change of kept?.changes ?? []) events.replay(change);

const members = options.ports.map((port) => createMember(port, tls));
const { version, login, maxAppendBytes, hidesEpochEvents } = options;
const cluster = createCluster(events, members, { version, login, maxAppendBytes, hidesEpochEvents });
for (const member of members) addServices(cluster, member);
await Promise.all(members.map((member) => member.accept()));
const ready: Ready = { ports: members.map(({ port }) => port), control: await openControl(cluster) };
process.stdout.write(`${JSON.stringify(ready)}\n`);

// The test is over, however it ended.
process.stdin.on('end', () => process.exit(0)).resume();
