import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function WebhooksView() {
  return <Page title={NAVIGATION.webhooks}>{null}</Page>;
}
