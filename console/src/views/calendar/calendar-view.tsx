import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function CalendarView() {
  return <Page title={NAVIGATION.calendar}>{null}</Page>;
}
