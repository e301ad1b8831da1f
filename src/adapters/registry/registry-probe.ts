import type { EgressSession } from '../../application/ports/egress.ts';
import type { ProbeReport, ProbeRequest, RegistryProbe } from '../../application/ports/registry-probe.ts';
import { conclude, withoutLogin } from './conclusion.ts';
import { findEntrance } from './entrance.ts';
import type { Entrance, RegistryTarget } from './login.ts';
import { faultOf } from './probe-fault.ts';
import { expiryAtRegistry } from './registry-expiry.ts';
import { REGISTRY_DEADLINE_MS, type RegistryOptions, registryTarget, repositoryIn } from './registry-target.ts';
import { examineRepository, tryOut } from './repository-rights.ts';

export function createRegistryProbe(options: RegistryOptions): RegistryProbe {
  return {
    async probe(request) {
      const startedAt = performance.now();
      const session = options.egress.open({ caCertificate: request.caCertificate, deadlineMs: REGISTRY_DEADLINE_MS });
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

async function examine(request: ProbeRequest, session: EgressSession, options: RegistryOptions): Promise<Examined> {
  const { now } = options;
  const target = registryTarget(request, session, options);
  const repository = request.repository === null ? null : repositoryIn(request.url, request.repository);
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
