import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function AuditView() {
  return <Page title={NAVIGATION.audit}>{null}</Page>;
}
