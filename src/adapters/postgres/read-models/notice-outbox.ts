import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import type { RotationNoticeKind } from '../../../domain/notices.ts';
import { signedNotice } from '../../../domain/webhook-event.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';
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
  add(row: NoticeRow, recorded: Pick<RecordedEvent, 'id' | 'position'>): void;
  changes(): readonly Change[];
}

const addNotices = forRows('webhook-notices', 'select webhooks.add_notices($1)');

/** Each notice gets a code: nothing that a writer to the database puts into the queue is sent. */
export function createNoticeOutbox({ signText }: Pick<ReadModelAuthenticator, 'signText'>): NoticeOutbox {
  const rows: object[] = [];
  return {
    add(row, { id, position }) {
      const { sequence, kind, project_id, registry_id, occurred_at } = row;
      const notice = {
        url: row.url,
        credentialVersion: row.credential_version,
        expiresAt: row.expires_at,
        actor: row.actor,
        leasesOnOlderVersions: row.leases_on_older_versions,
        message: row.message,
      };
      const ids = { eventId: id, projectId: project_id, registryId: registry_id };
      const text = signedNotice({ ...ids, kind, occurredAt: occurred_at, ...notice }, sequence);
      rows.push({
        event_id: id,
        position: String(position),
        sequence,
        project_id,
        registry_id,
        kind,
        occurred_at,
        notice,
        code: signText({ purpose: 'queued notice', text }),
      });
    },
    changes: () => addNotices(take(rows)),
  };
}
