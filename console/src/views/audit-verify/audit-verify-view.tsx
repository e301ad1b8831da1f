import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function AuditVerifyView() {
  return <Page title={NAVIGATION.verify}>{null}</Page>;
}
