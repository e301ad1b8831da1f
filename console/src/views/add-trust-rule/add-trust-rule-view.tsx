import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function AddTrustRuleView() {
  return <Page title={NAVIGATION.addTrustRule}>{null}</Page>;
}
