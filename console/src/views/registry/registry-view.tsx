import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function RegistryView() {
  return <Page title={NAVIGATION.registry}>{null}</Page>;
}
