import type { ServerErrorResponse } from '@grpc/grpc-js';
import { createFaults, type Faults } from './faults.ts';
import type { Member } from './member.ts';
import { accessDenied, NOT_AUTHENTICATED, NOT_READY, notLeader } from './refusals.ts';
import type { StoredEvents } from './stored-events.ts';

export const HOST = '127.0.0.1';

/** What the handlers of a call need to know of it. */
export interface Call {
  readonly metadata: { get(key: string): (string | Buffer)[] };
  getPeer(): string;
}

export interface ClusterOptions {
  /** As the server says it. What clients may use follows from it. */
  readonly version: string;
  /** `user:password`; without it everyone is let in. */
  readonly login: string | undefined;
  readonly maxAppendBytes: number;
  /** As older servers do: a read of all streams counts the events of elections, and leaves them out. */
  readonly hidesEpochEvents: boolean;
}

/** The members, which share one set of events, and what is wrong with them. */
export interface Cluster extends ClusterOptions {
  readonly events: StoredEvents;
  readonly faults: Faults;
  readonly members: readonly Member[];
  /** Undefined while nobody leads. */
  readonly leader: Member | undefined;
  /** After this many milliseconds without a leader, the member of this number leads. */
  lead(member: number, electionMs: number): void;
  /** What is to be answered instead, if anything. */
  refusalOf(call: Call, member: Member, what: 'read' | 'write'): ServerErrorResponse | undefined;
  /** Calls that wanted to write, whatever came of them. */
  readonly writes: number;
  /** How often somebody asked for the members. */
  searches: number;
  /** Appends that are taken and not answered yet. */
  readonly underWay: Set<string>;
  /** Subscriptions that are open, as what ends them. */
  readonly subscriptions: Set<() => void>;
}

export function createCluster(events: StoredEvents, members: readonly Member[], options: ClusterOptions): Cluster {
  let leader = members[0];
  let writes = 0;
  let election: NodeJS.Timeout | undefined;
  const authorization = options.login && `Basic ${Buffer.from(options.login).toString('base64')}`;
  return {
    ...options,
    events,
    faults: createFaults(),
    members,
    get leader() {
      return leader;
    },
    lead(number, electionMs) {
      const next = members[number];
      if (!next) throw new Error(`there is no member ${number}`);
      clearTimeout(election);
      leader = undefined;
      election = setTimeout(() => {
        leader = next;
        events.writeEpoch();
      }, electionMs);
    },
    get writes() {
      return writes;
    },
    refusalOf(call, member, what) {
      if (what === 'write') writes += 1;
      const shown = call.metadata.get('authorization')[0];
      if (authorization && shown === undefined) return accessDenied();
      if (authorization && shown !== authorization) return NOT_AUTHENTICATED;
      if (what === 'write' && !this.faults.allowsWrites) return accessDenied();
      const mustLead = what === 'write' || call.metadata.get('requires-leader')[0] === 'true';
      if (!mustLead || member === leader) return undefined;
      return leader ? notLeader({ host: HOST, port: leader.port }) : NOT_READY;
    },
    searches: 0,
    underWay: new Set(),
    subscriptions: new Set(),
  };
}

/** Of a call that gets no answer. */
export function noAnswer(): Promise<never> {
  return new Promise(() => undefined);
}
