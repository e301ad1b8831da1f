import type { Egress, EgressSession } from '../../application/ports/egress.ts';
import type { ProbeReport, ProbeRequest, RegistryProbe } from '../../application/ports/registry-probe.ts';
import { PROVIDERS } from '../../domain/providers/table.ts';
import { apiHost, repositoryAt } from '../../domain/providers.ts';
import { usesPlainHttp } from '../../domain/registry-url.ts';
import { conclude, withoutLogin } from './conclusion.ts';
import { createConversation } from './conversation.ts';
import { findEntrance } from './entrance.ts';
import type { Entrance, RegistryTarget } from './login.ts';
import { faultOf } from './probe-fault.ts';
import { judgeRealm } from './realm-trust.ts';
import { expiryAtRegistry } from './registry-expiry.ts';
import { examineRepository, tryOut } from './repository-rights.ts';

/** For a whole probe, with all its look-ups and requests. */
export const PROBE_DEADLINE_MS = 10_000;

export interface RegistryProbeOptions {
  readonly egress: Egress;
  /** Hosts, or hosts with their port, that are reached over plain http; in lower case. */
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Token servers, as `host` or `host:port`, that any registry's realm may name. Default: none. */
  readonly trustedRealms?: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createRegistryProbe(options: RegistryProbeOptions): RegistryProbe {
  return {
    async probe(request) {
      const startedAt = performance.now();
      const session = options.egress.open({ caCertificate: request.caCertificate, deadlineMs: PROBE_DEADLINE_MS });
      try {
        const report = await examine(request, session, options);
        return { ...report, durationMs: Math.round(performance.now() - startedAt) };
      } finally {
        await session.close();
      }
    },
  };
}

type Examined = Omit<ProbeReport, 'durationMs'>;

async function examine(
  request: ProbeRequest,
  session: EgressSession,
  { plainHttpHosts, trustedRealms = new Set(), now }: RegistryProbeOptions,
): Promise<Examined> {
  const { url, provider, username, password, authRealmHost = null } = request;
  const plainHttp = usesPlainHttp(url, plainHttpHosts);
  const target: RegistryTarget = {
    conversation: createConversation(session, PROVIDERS[provider].probe?.plainTextRefusals ?? false),
    base: new URL(`${plainHttp ? 'http' : 'https'}://${apiHost(url)}/v2/`),
    provider,
    login: { username, password },
    judgeRealm: (realm) => judgeRealm(realm, { url, provider, plainHttp, trustedRealms, authRealmHost }),
  };
  const repository = repositoryOf(request);
  if (repository === undefined) {
    const fault = { outcome: 'REPOSITORY_NOT_FOUND', detail: null } as const;
    return { ...withoutLogin(request, fault, now()), expiresAt: null };
  }
  let entrance: Entrance | undefined;
  try {
    entrance = await findEntrance(target, repository);
  } catch (error) {
    return { ...withoutLogin(request, faultOf(error), now()), expiresAt: null };
  }
  const rights = repository === null ? null : await rightsWith(target, entrance, repository);
  return {
    ...conclude(request, entrance, rights, now()),
    expiresAt: entrance === undefined ? null : await expiryAtRegistry(target, entrance),
  };
}

function rightsWith(target: RegistryTarget, entrance: Entrance | undefined, repository: string) {
  return entrance === undefined
    ? tryOut(target, repository, null, 'UPLOAD_PROBE')
    : examineRepository(target, entrance, repository);
}

/** Only characters that need no escape in a path, and no `.` or `..` segments, which would lead out of the registry's API. */
const NAME = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._:-]+(?:\/[A-Za-z0-9._:-]+)*$/;

/** Null if none was named; undefined if no repository can have this name. */
function repositoryOf({ url, repository }: ProbeRequest): string | null | undefined {
  if (repository === null) return null;
  if (repository.length > 255 || !NAME.test(repository)) return undefined;
  return repositoryAt(url, repository);
}
