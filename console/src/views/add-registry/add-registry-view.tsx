import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function AddRegistryView() {
  return <Page title={NAVIGATION.addRegistry}>{null}</Page>;
}
