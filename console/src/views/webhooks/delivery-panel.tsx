import type { ShownDeliveryFragment } from '../../api/generated/graphql.ts';
import { registryHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { Button, TextLink } from '../../components/button.tsx';
import { KeyValueList } from '../../components/card.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { DELIVERY_STATES, NOTICE_KINDS } from '../../components/statuses.ts';
import { Time } from '../../components/time.tsx';
import { DELIVERIES } from '../../texts/webhooks.ts';
import type { Replay } from './use-replay.ts';
import type { Hold } from './webhook-state.ts';
import css from './webhooks.module.css';

const { details: texts, faults, holds, replay: replayTexts } = DELIVERIES;

interface DeliveryPanelProps {
  readonly projectId: string;
  readonly delivery: ShownDeliveryFragment;
  readonly hold: Hold | undefined;
  /** Undefined where the token does not grant it. */
  readonly replay: Replay | undefined;
  readonly onClose: () => void;
}

export function DeliveryPanel({ projectId, delivery, hold, replay, onClose }: DeliveryPanelProps) {
  const { id, kind, state, lastFault, lastStatusClass, registryId, url } = delivery;
  const moment = (at: string | null) => (at === null ? null : <Time at={at} />);
  return (
    <Drawer title={texts.title(NOTICE_KINDS[kind].word)} isOpen onClose={onClose}>
      <div className={css.details}>
        <div>
          <StatusBadge status={DELIVERY_STATES[state]} />
        </div>
        {hold !== undefined && (
          <Banner kind="warning" title={holds[hold].title}>
            {holds[hold].text}
          </Banner>
        )}
        {lastFault !== null && (
          <Banner kind={state === 'DEAD_LETTER' ? 'danger' : 'warning'} title={faults[lastFault].word}>
            {faults[lastFault].text}
          </Banner>
        )}
        <KeyValueList
          entries={[
            {
              label: texts.registry,
              value:
                kind === 'DELETED' ? url : <TextLink href={registryHref({ projectId, registryId })}>{url}</TextLink>,
            },
            { label: texts.webhook, value: delivery.webhook },
            { label: texts.happened, value: moment(delivery.occurredAt) },
            { label: texts.queued, value: moment(delivery.createdAt) },
            { label: texts.attempts, value: delivery.attempts },
            { label: texts.lastAttempt, value: moment(delivery.lastAttemptAt) },
            {
              label: texts.answer,
              value: lastStatusClass === null ? null : texts.answerOf(lastStatusClass),
            },
            { label: texts.nextAttempt, value: moment(hold === undefined ? delivery.nextAttemptAt : null) },
            { label: texts.ended[state], value: moment(delivery.endedAt) },
            {
              label: texts.eventId,
              value: delivery.eventId,
              mono: true,
              action: <CopyButton text={delivery.eventId} what={texts.whatEventId} />,
            },
          ]}
        />
        {replay !== undefined && (state !== 'PENDING' || hold === 'disabled') && (
          <div className={css.details}>
            <p className={css.soft}>{replayTexts.explained}</p>
            <div>
              <Button icon="refresh" onPress={() => replay.replay(id)} isPending={replay.pendingId === id}>
                {replayTexts.action}
              </Button>
            </div>
          </div>
        )}
      </div>
    </Drawer>
  );
}
