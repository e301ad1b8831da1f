import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function RotateView() {
  return <Page title={NAVIGATION.rotate}>{null}</Page>;
}
