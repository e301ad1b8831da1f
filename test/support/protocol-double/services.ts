import gossipGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_grpc_pb.js';
import gossip from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js';
import featuresGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import { appendHandlers } from './appending.ts';
import { type Cluster, HOST, noAnswer } from './cluster.ts';
import type { Member } from './member.ts';
import { uuid } from './messages.ts';
import { readHandler } from './reading.ts';
import { NOT_READY } from './refusals.ts';

const STREAMS = 'event_store.client.streams.streams';
const { LEADER, FOLLOWER, UNKNOWN } = gossip.MemberInfo.VNodeState;

/** What a member serves, with the definitions that the client's package has. */
export function addServices(cluster: Cluster, member: Member): void {
  const { server } = member;
  server.addService(streamsGrpc.StreamsService, {
    read: readHandler(cluster, member),
    ...appendHandlers(cluster, member),
  });

  server.addService(featuresGrpc.ServerFeaturesService, {
    async getSupportedMethods(_call: unknown, answer: (error: null, response: features.SupportedMethods) => void) {
      if (cluster.faults.hangs) return noAnswer();
      await cluster.faults.slow();
      const methods = ['append', 'batchappend', 'delete', 'read', 'tombstone'].map((name) =>
        new features.SupportedMethod().setServiceName(STREAMS).setMethodName(name),
      );
      answer(null, new features.SupportedMethods().setEventStoreServerVersion(cluster.version).setMethodsList(methods));
    },
  });

  server.addService(gossipGrpc.GossipService, {
    read(_call: unknown, answer: (error: typeof NOT_READY | null, response?: gossip.ClusterInfo) => void) {
      cluster.searches += 1;
      if (cluster.faults.hangs) return;
      if (!cluster.faults.gossips) return answer(NOT_READY);
      answer(null, new gossip.ClusterInfo().setMembersList(cluster.members.map((each) => memberInfo(cluster, each))));
    },
  });
}

function memberInfo({ leader, members }: Cluster, member: Member): gossip.MemberInfo {
  const led = member === leader ? LEADER : FOLLOWER;
  const id = `00000000-0000-4000-8000-${String(members.indexOf(member)).padStart(12, '0')}`;
  return new gossip.MemberInfo()
    .setInstanceId(uuid(id))
    .setTimeStamp(String(Date.now()))
    .setState(leader ? led : UNKNOWN)
    .setIsAlive(member.accepts)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(HOST).setPort(member.port));
}
