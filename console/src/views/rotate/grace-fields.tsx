import { Banner } from '../../components/banner.tsx';
import { formatTime } from '../../components/format.ts';
import { RadioCards } from '../../components/radio-cards.tsx';
import { TextField } from '../../components/text-field.tsx';
import { ACTIVATE as TEXTS } from '../../texts/rotate.ts';
import { cutOff, type GraceChoice, graceFrom, lastEnd } from './grace.ts';

/** What is known of the leases that run. */
export interface RunningLeases {
  readonly activeLeaseCount: number;
  readonly activeLeases: readonly { readonly issuedAt: string; readonly expiresAt: string }[];
}

interface GraceFieldsProps {
  /** Undefined until it is known or chosen. */
  readonly grace: GraceChoice | undefined;
  readonly onGrace: (grace: GraceChoice) => void;
  readonly minutes: string;
  readonly onMinutes: (minutes: string) => void;
  /** Undefined while it is not known what runs. */
  readonly running: RunningLeases | undefined;
  /** Times that the service has told. */
  readonly told: readonly (string | null | undefined)[];
}

/** What becomes of the leases that run. */
export function GraceFields(props: GraceFieldsProps) {
  const { grace, onGrace, minutes, onMinutes, running, told } = props;
  const leases = running?.activeLeases ?? [];
  const endsAt = leases.map(({ expiresAt }) => expiresAt);
  const last = lastEnd(endsAt);
  const isIdle = running?.activeLeaseCount === 0;
  const entered = graceFrom(minutes);
  const issued = leases.map(({ issuedAt }) => issuedAt);
  const lost = grace === 'other' && entered !== undefined ? cutOff(endsAt, entered, [...told, ...issued]) : 0;
  return (
    <>
      <RadioCards
        label={TEXTS.grace}
        value={grace ?? null}
        width={12}
        onChange={onGrace}
        cards={[
          {
            id: 'recommended',
            label: TEXTS.graces.recommended,
            help: isIdle
              ? TEXTS.graces.noneHelp(0)
              : TEXTS.graces.recommendedHelp(last === undefined ? undefined : formatTime(new Date(last))),
            isDisabled: isIdle,
          },
          { id: 'none', label: TEXTS.graces.none, help: TEXTS.graces.noneHelp(running?.activeLeaseCount) },
          { id: 'other', label: TEXTS.graces.other, help: TEXTS.graces.otherHelp },
        ]}
      />
      {grace === 'other' && (
        <TextField
          label={TEXTS.minutes}
          name="graceMinutes"
          value={minutes}
          onChange={onMinutes}
          inputMode="numeric"
          help={TEXTS.minutesHelp}
          {...(entered === undefined && { error: TEXTS.minutesError })}
        />
      )}
      {lost > 0 && <Banner kind="warning" title={TEXTS.cutOff(lost)} />}
    </>
  );
}
