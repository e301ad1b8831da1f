import type { RegistryChangeKind, RegistryView } from '../../../application/ports/read-models.ts';
import { extended } from '../../../domain/extended.ts';
import { registryView } from '../../../domain/registry-view.ts';
import { type AppliedEvent, ignores, insertInto, type ReadModel, take } from './read-model.ts';
import type { Registries } from './registries.ts';

export interface ChangeRow {
  readonly sequence: number;
  readonly kind: RegistryChangeKind;
  readonly project_id: string;
  readonly registry_id: string;
  /** The registry after the change; null if it was deleted. */
  readonly registry: RegistryView | null;
}

/** The changes of registries that subscribers see, each with the registry as it was then. */
export function createChanges(schema: string, registries: Registries): ReadModel {
  const insert = insertInto(schema, 'changes');
  const rows: ChangeRow[] = [];

  const as =
    (kind: RegistryChangeKind) =>
    ({ event, recorded, number, after }: AppliedEvent & { readonly event: { data: { registryId: string } } }): void => {
      if (after.phase === 'absent') return;
      const { registryId } = event.data;
      const shown = extended(registries.healths(registryId), { present: true });
      rows.push({
        sequence: number,
        kind,
        project_id: after.projectId,
        registry_id: registryId,
        registry: after.phase === 'live' ? registryView(after, recorded.revision, shown) : null,
      });
    };

  return {
    handles: {
      RegistryCreated: as('CREATED'),
      RegistryUpdated: as('UPDATED'),
      CredentialRotated: as('UPDATED'),
      CredentialStaged: as('UPDATED'),
      CredentialActivated: as('UPDATED'),
      StagedCredentialAbandoned: as('UPDATED'),
      CredentialRetired: as('UPDATED'),
      PipelineLinked: as('UPDATED'),
      PipelineUnlinked: as('UPDATED'),
      CredentialExpiryLearnt: as('UPDATED'),
      RegistryDeleted: as('DELETED'),
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('LeasesRevoked'),
      ...ignores('PendingSecretDiscarded', 'RegistryTested', 'CredentialsTested', 'CredentialIssued', 'LeaseReleased'),
      ...ignores(
        'CredentialIssuedAgain',
        'AccessDenied',
        'AuditLogExported',
        'AuditLogRead',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
        'NoticeRaised',
        'AuthenticationFailureReported',
      ),
    },
    changes: () => insert(take(rows)),
    added: () => [{ table: 'changes', rows: take(rows) }],
  };
}
