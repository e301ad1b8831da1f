import { Banner } from '../../components/banner.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { TextField } from '../../components/text-field.tsx';
import { ACTIVATE as TEXTS } from '../../texts/rotate.ts';
import { cutOff, type GraceChoice, graceFrom } from './grace.ts';

interface GraceFieldsProps {
  readonly grace: GraceChoice;
  readonly onGrace: (grace: GraceChoice) => void;
  readonly minutes: string;
  readonly onMinutes: (minutes: string) => void;
  /** In minutes; 0 where nothing runs. */
  readonly recommended: number;
  /** When each active lease ends. */
  readonly endsAt: readonly string[];
}

/** What becomes of the leases that run. */
export function GraceFields(props: GraceFieldsProps) {
  const { grace, onGrace, minutes, onMinutes, recommended, endsAt } = props;
  const entered = graceFrom(minutes);
  const lost = grace === 'other' && entered !== undefined ? cutOff(endsAt, entered, Date.now()) : 0;
  return (
    <>
      <RadioCards
        label={TEXTS.grace}
        value={grace}
        width={12}
        onChange={onGrace}
        cards={[
          {
            id: 'recommended',
            label: TEXTS.graces.recommended,
            help: recommended === 0 ? TEXTS.graces.noneHelp(0) : TEXTS.graces.recommendedHelp(recommended),
            isDisabled: recommended === 0,
          },
          { id: 'none', label: TEXTS.graces.none, help: TEXTS.graces.noneHelp(endsAt.length) },
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
