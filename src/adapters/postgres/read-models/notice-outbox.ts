import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { RotationNoticeKind } from '../../../domain/notices.ts';
import { type Change, forRows, take } from './read-model.ts';

/** A row of `notices`. */
export interface NoticeRow {
  readonly sequence: number;
  readonly kind: RotationNoticeKind;
  readonly project_id: string;
  readonly registry_id: string;
  readonly url: string;
  readonly credential_version: number;
  readonly occurred_at: string;
  readonly expires_at: string | null;
  readonly actor: string;
  readonly leases_on_older_versions: number;
  readonly message: string;
}

/** The notices of the batch for webhooks. They are added in the transaction that writes the notices themselves. */
export interface NoticeOutbox {
  add(row: NoticeRow, recorded: RecordedEvent): void;
  changes(): readonly Change[];
  /** For a rebuild in bulk, which adds nothing: the projector has passed its events. */
  discard(): void;
}

const addNotices = forRows('webhook-notices', 'select webhooks.add_notices($1)');

export function createNoticeOutbox(): NoticeOutbox {
  const rows: object[] = [];
  return {
    add({ sequence, kind, project_id, registry_id, occurred_at, ...rest }, { id, position }) {
      const { url, credential_version, expires_at, actor, leases_on_older_versions, message } = rest;
      rows.push({
        event_id: id,
        position: String(position),
        sequence,
        project_id,
        registry_id,
        kind,
        occurred_at,
        notice: {
          url,
          credentialVersion: credential_version,
          expiresAt: expires_at,
          actor,
          leasesOnOlderVersions: leases_on_older_versions,
          message,
        },
      });
    },
    changes: () => addNotices(take(rows)),
    discard() {
      take(rows);
    },
  };
}
