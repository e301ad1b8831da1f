import { getLocalTimeZone, now, parseAbsoluteToLocal, type ZonedDateTime } from '@internationalized/date';
import { type FocusEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import {
  Button,
  Calendar,
  CalendarCell,
  CalendarGrid,
  DateInput,
  DatePicker,
  DateSegment,
  Dialog,
  Group,
  Heading,
  I18nProvider,
} from 'react-aria-components';
import { DATE } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import css from './date-field.module.css';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import { readerLocale } from './format.ts';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';

interface DateTimeFieldProps extends FieldProps {
  /** As the API takes it, such as `2026-12-31T22:59:00Z`; null for none. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
  /** Earlier days cannot be chosen in the calendar; typed they are marked. */
  readonly notBeforeNow?: boolean;
  readonly isDisabled?: boolean;
}

const NAMES = new Intl.ListFormat('en');

function toMoment(value: ZonedDateTime | null): string | null {
  return value === null ? null : value.toDate().toISOString();
}

/** What is typed, each an element of its own. */
const PARTS = ['day', 'month', 'year', 'hour', 'minute'].map((part) => `[data-type="${part}"]`).join();

/** The parts that are empty while others are not: React Aria keeps such a date to itself, and the value from before stays. */
function missingParts(field: HTMLElement | null): readonly HTMLElement[] {
  const parts = [...(field?.querySelectorAll<HTMLElement>(PARTS) ?? [])];
  const empty = parts.filter(({ dataset }) => dataset.placeholder !== undefined);
  return empty.length === parts.length ? [] : empty;
}

/**
 * A day and a time in the reader's zone, which it names. Each part is typed or stepped by arrow keys; the calendar is for pointers.
 * The form that it is in is not submitted while some of the parts are missing: what was typed would be lost.
 */
export function DateTimeField(props: DateTimeFieldProps) {
  const { label, help, optional, aside, name, value, onChange, notBeforeNow = false } = props;
  const zone = getLocalTimeZone();
  const field = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState('');
  const error = props.error ?? (missing === '' ? undefined : DATE.missing(missing));
  // The same as long as the value is: another one would take away what is typed of the next.
  const moment = useMemo(() => (value === null ? null : parseAbsoluteToLocal(value)), [value]);

  const check = useCallback(() => {
    const parts = missingParts(field.current);
    setMissing(NAMES.format(parts.map(({ dataset }) => dataset.type ?? '')));
    return parts;
  }, []);
  useEffect(() => {
    const form = field.current?.closest('form');
    const refuse = (event: SubmitEvent) => {
      const [first] = check();
      if (first === undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      first.focus();
    };
    form?.addEventListener('submit', refuse, { capture: true });
    return () => form?.removeEventListener('submit', refuse, { capture: true });
  }, [check]);

  function leave({ relatedTarget }: FocusEvent): void {
    // A button that is pressed must not move away under the pointer: submitting says it.
    if (!(relatedTarget instanceof HTMLButtonElement)) check();
  }

  return (
    // The console speaks English, whatever the browser does.
    <I18nProvider locale={readerLocale}>
      <DatePicker
        ref={field}
        {...(name !== undefined && { 'data-field': name })}
        {...(error !== undefined && { isInvalid: true })}
        {...(notBeforeNow && { minValue: now(zone) })}
        value={moment}
        onChange={(chosen) => {
          setMissing('');
          onChange(toMoment(chosen));
        }}
        onBlur={leave}
        placeholderValue={now(zone).set({ hour: 12, minute: 0, second: 0, millisecond: 0 })}
        granularity="minute"
        hourCycle={24}
        isDisabled={props.isDisabled ?? false}
        className={fieldStyles.field}
      >
        <FieldLabel label={label} {...(optional && { optional })} aside={aside} />
        <Group className={fieldStyles.control}>
          <DateInput className={classNames(css.input)}>
            {(segment) => <DateSegment segment={segment} className={classNames(css.segment)} />}
          </DateInput>
          <Button className={fieldStyles.inside}>
            <Icon name="calendar" />
          </Button>
        </Group>
        <FieldNotes help={help} error={error} />
        <Popover>
          <Dialog className={classNames(css.dialog)}>
            <Calendar>
              <header className={css.head}>
                <Button slot="previous" className={fieldStyles.inside}>
                  <Icon name="chevron-left" />
                </Button>
                <Heading level={2} className={classNames(css.month)} />
                <Button slot="next" className={fieldStyles.inside}>
                  <Icon name="chevron-right" />
                </Button>
              </header>
              <CalendarGrid weekdayStyle="short" className={classNames(css.grid)}>
                {(date) => <CalendarCell date={date} className={classNames(css.day)} />}
              </CalendarGrid>
            </Calendar>
          </Dialog>
        </Popover>
      </DatePicker>
    </I18nProvider>
  );
}
