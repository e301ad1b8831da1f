import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function TrustRuleView() {
  return <Page title={NAVIGATION.trustRule}>{null}</Page>;
}
