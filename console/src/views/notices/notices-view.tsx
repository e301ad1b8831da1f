import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function NoticesView() {
  return <Page title={NAVIGATION.notices}>{null}</Page>;
}
