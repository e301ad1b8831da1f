import type { RegistryState } from '../../../domain/registry.ts';
import type { HealthView } from '../../../domain/registry-view.ts';
import type { AuditHead } from './rows.ts';

export interface ActiveLease {
  readonly credentialVersion: number;
  readonly expiresAt: string;
}

/** What the read models say before a batch, as far as the batch needs it. The fold keeps it up to date. */
export interface ProjectionMemory {
  readonly registries: Map<string, RegistryState>;
  /** What the last test of a registry found. */
  readonly health: Map<string, HealthView>;
  /** Leases that were not released, by registry and lease id. */
  readonly activeLeases: Map<string, Map<string, ActiveLease>>;
  readonly auditHeads: Map<string, AuditHead>;
  /** The highest credential version that the parked events of a stream name; 0 where they name none. */
  readonly parkedStreams: Map<string, number>;
  noticeSequence: number;
  changeSequence: number;
}

/** What a projector knows that begins at these sequences: everything else is recalled when it is needed. */
export function emptyMemory(
  { noticeSequence, changeSequence } = { noticeSequence: 0, changeSequence: 0 },
  parkedStreams: ProjectionMemory['parkedStreams'] = new Map(),
): ProjectionMemory {
  return {
    registries: new Map(),
    health: new Map(),
    activeLeases: new Map(),
    auditHeads: new Map(),
    parkedStreams,
    noticeSequence,
    changeSequence,
  };
}
