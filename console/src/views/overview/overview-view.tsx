import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function OverviewView() {
  return <Page title={NAVIGATION.overview}>{null}</Page>;
}
