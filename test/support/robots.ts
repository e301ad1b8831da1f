import type { CredentialIssuer } from '../../src/application/ports/credential-issuer.ts';
import { revokeSuccessors } from '../../src/application/registry/revoke-successors.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from './canary.ts';
import { aCaller, command, createWorld, PROJECT } from './use-cases.ts';

export const ID = registryId(PROJECT, 'registry.example');
export const UNCHECKED = { verify: false, expectedRevision: undefined, idempotencyKey: undefined };

/** A provider in memory. */
export interface Robots extends CredentialIssuer {
  readonly held: Map<string, Secret>;
  readonly calls: string[];
  /** What `create` waits for before it creates. */
  beforeCreating: (label: string) => Promise<void>;
  fault: Error | undefined;
}

export function createRobots(): Robots {
  const robots: Robots = {
    name: 'robots',
    revocable: true,
    held: new Map(),
    calls: [],
    beforeCreating: async () => undefined,
    fault: undefined,
    async create(_registry, label) {
      robots.calls.push('create');
      await robots.beforeCreating(label);
      const password = new Secret(canary('robot'));
      robots.held.set(label, password);
      return { password, username: 'robot', mint: undefined, expiresAt: undefined };
    },
    async revoke(_registry, label) {
      robots.calls.push('revoke');
      if (robots.fault) throw robots.fault;
      robots.held.delete(label);
    },
    async list() {
      robots.calls.push('list');
      return [...robots.held.keys()];
    },
  };
  return robots;
}

/** A registry, and an issuer for it. */
export async function withRobots() {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(canary('first')) }));
  const robots = createRobots();
  const stage = (
    changes: { registryId?: string; expectedRevision?: number; key?: string; fingerprint?: string } = {},
    running = world.running,
  ) =>
    running.stageSuccessor(aCaller(), robots, {
      projectId: PROJECT,
      registryId: changes.registryId ?? ID,
      expectedRevision: changes.expectedRevision,
      idempotent:
        changes.key === undefined
          ? null
          : { id: changes.key, operation: 'stage', fingerprint: changes.fingerprint ?? 'same' },
    });
  const activate = (version: number, graceMinutes = 0) =>
    world.application.activateCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version, graceMinutes });
  const round = revokeSuccessors({
    ...world.running,
    findWaitingSuccessors: async () => [{ projectId: PROJECT, registryId: ID, at: new Date(world.now).toISOString() }],
    issuers: new Map([[robots.name, robots]]),
    onFault: (error) => world.faults.push(error),
  });
  const abandoned = async () => {
    await stage();
    await world.application.abandonStagedCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version: 2 });
  };
  return {
    world,
    robots,
    stage,
    activate,
    abandoned,
    round: (signal = new AbortController().signal) => round(signal),
  };
}
