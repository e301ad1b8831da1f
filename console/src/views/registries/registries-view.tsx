import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function RegistriesView() {
  return <Page title={NAVIGATION.registries}>{null}</Page>;
}
