import type { ShownDeliveryFragment, ShownWebhookFragment } from '../../api/generated/graphql.ts';
import { Button } from '../../components/button.tsx';
import { formatCount } from '../../components/format.ts';
import { StatusBadge } from '../../components/status-badge.tsx';
import { DELIVERY_STATES, NOTICE_KINDS } from '../../components/statuses.ts';
import type { Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { DELIVERIES } from '../../texts/webhooks.ts';
import type { Replay } from './use-replay.ts';
import { type Hold, holdOf } from './webhook-state.ts';
import css from './webhooks.module.css';

const { columns: labels } = DELIVERIES;

type DeliveryColumn = Column<ShownDeliveryFragment>;

export const columnsWith = (webhooks: readonly ShownWebhookFragment[]): readonly DeliveryColumn[] => [
  {
    id: 'notice',
    label: labels.notice,
    isTitle: true,
    cell: ({ kind, url }) => (
      <span className={css.notice}>
        {NOTICE_KINDS[kind].word}
        <span className={css.url}>{url}</span>
      </span>
    ),
  },
  { id: 'webhook', label: labels.webhook, cell: ({ webhook }) => webhook },
  {
    id: 'state',
    label: labels.state,
    cell: (delivery) => <State delivery={delivery} hold={holdOf(delivery, webhooks, Date.now())} />,
  },
  {
    id: 'attempts',
    label: labels.attempts,
    align: 'end',
    from: 'medium',
    cell: ({ attempts }) => formatCount(attempts),
  },
  {
    id: 'next',
    label: labels.next,
    from: 'medium',
    cell: (delivery) => <Attempt delivery={delivery} hold={holdOf(delivery, webhooks, Date.now())} />,
  },
];

interface HeldDelivery {
  readonly delivery: ShownDeliveryFragment;
  readonly hold: Hold | undefined;
}

function State({ delivery: { state, lastFault }, hold }: HeldDelivery) {
  const why = hold === undefined ? lastFault && DELIVERIES.faults[lastFault] : DELIVERIES.holds[hold];
  return <StatusBadge status={DELIVERY_STATES[state]} {...(why && { detail: why.word })} />;
}

function Attempt({ delivery: { nextAttemptAt, lastAttemptAt }, hold }: HeldDelivery) {
  const at = nextAttemptAt ?? lastAttemptAt;
  const hasCome = nextAttemptAt !== null && Date.parse(nextAttemptAt) <= Date.now();
  if (hasCome || hold !== undefined) return DELIVERIES.due;
  if (at === null) return <span className={css.soft}>{DELIVERIES.none}</span>;
  return (
    <span>
      {nextAttemptAt === null ? DELIVERIES.last : DELIVERIES.next} <Time at={at} show="relative" />
    </span>
  );
}

/** For those that were given up; one that was delivered is replayed from its details, as that is seldom meant. */
export function replayColumn({ replay, pendingId }: Replay): DeliveryColumn {
  return {
    id: 'actions',
    label: labels.actions,
    hideLabel: true,
    align: 'end',
    cell: ({ id, state, kind, url }) =>
      state === 'DEAD_LETTER' && (
        <Button
          small
          icon="refresh"
          onPress={() => replay(id)}
          isPending={pendingId === id}
          aria-label={DELIVERIES.replay.actionFor(NOTICE_KINDS[kind].word, url)}
        >
          {DELIVERIES.replay.action}
        </Button>
      ),
  };
}
