import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function TrustView() {
  return <Page title={NAVIGATION.trust}>{null}</Page>;
}
