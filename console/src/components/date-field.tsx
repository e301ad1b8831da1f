import { getLocalTimeZone, now, parseAbsoluteToLocal, type ZonedDateTime } from '@internationalized/date';
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

function toMoment(value: ZonedDateTime | null): string | null {
  return value === null ? null : value.toDate().toISOString();
}

/** A day and a time in the reader's zone, which it names. Each part is typed or stepped by arrow keys; the calendar is for pointers. */
export function DateTimeField(props: DateTimeFieldProps) {
  const { label, help, error, optional, aside, name, value, onChange, notBeforeNow = false } = props;
  const zone = getLocalTimeZone();
  return (
    // The console speaks English, whatever the browser does.
    <I18nProvider locale={readerLocale}>
      <DatePicker
        {...(name !== undefined && { 'data-field': name })}
        {...(error !== undefined && { isInvalid: true })}
        {...(notBeforeNow && { minValue: now(zone) })}
        value={value === null ? null : parseAbsoluteToLocal(value)}
        onChange={(chosen) => onChange(toMoment(chosen))}
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
