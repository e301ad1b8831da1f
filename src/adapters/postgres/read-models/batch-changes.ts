import type {
  AuditRow,
  ChangeRow,
  HealthRow,
  LeaseReleaseRow,
  LeaseRow,
  NoticeRow,
  ParkedRow,
  PipelineUseRow,
  RegistryRow,
} from './rows.ts';
import { noVaultEffects, type VaultEffects } from './vault-effects.ts';

/** What a batch changes. Rows of one key stand once, as the batch leaves them. */
export interface BatchChanges extends VaultEffects {
  readonly registries: Map<string, RegistryRow>;
  readonly leases: LeaseRow[];
  readonly releases: LeaseReleaseRow[];
  readonly pipelineUses: Map<string, PipelineUseRow>;
  readonly notices: NoticeRow[];
  readonly changes: ChangeRow[];
  readonly audit: AuditRow[];
  readonly parked: ParkedRow[];
  /** What the last test of each registry found. */
  readonly health: Map<string, HealthRow>;
  /** Registries that were deleted: what is known of their use goes with them. */
  readonly deletedRegistries: Set<string>;
}

export function noChanges(): BatchChanges {
  return {
    registries: new Map(),
    leases: [],
    releases: [],
    pipelineUses: new Map(),
    notices: [],
    changes: [],
    audit: [],
    parked: [],
    health: new Map(),
    deletedRegistries: new Set(),
    ...noVaultEffects(),
  };
}
