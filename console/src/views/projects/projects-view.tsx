import { Page } from '../../app/page.tsx';
import { NAVIGATION } from '../../texts/frame.ts';

export function ProjectsView() {
  return <Page title={NAVIGATION.projects}>{null}</Page>;
}
