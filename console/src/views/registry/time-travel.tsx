import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { DateTimeField } from '../../components/date-field.tsx';
import { HISTORY } from '../../texts/registry-history.ts';
import css from './history.module.css';

const TEXTS = HISTORY.travel;

interface TimeTravelProps {
  readonly asOf: string | undefined;
  readonly onTravel: (to: string | undefined) => void;
}

export function TimeTravel({ asOf, onTravel }: TimeTravelProps) {
  const [moment, setMoment] = useState(asOf ?? null);
  return (
    <Card title={TEXTS.title}>
      <form
        className={css.travel}
        onSubmit={(event) => {
          event.preventDefault();
          if (moment !== null) onTravel(moment);
        }}
      >
        <DateTimeField label={TEXTS.field} value={moment} onChange={setMoment} />
        <Button type="submit" kind="secondary" isDisabled={moment === null || moment === asOf}>
          {TEXTS.show}
        </Button>
      </form>
    </Card>
  );
}
