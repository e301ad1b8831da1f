import { formatTotal, plural } from '../components/format.ts';

/** All projects of the one who is signed in. */
export const PROJECTS = {
  title: 'Projects',
  intro: (count: number) => `${plural(count, 'project')} that your token names.`,
  find: 'Find a project',
  list: 'Your projects',
  one: 'project',
  what: 'projects',
  none: 'No project has this in its name.',
  registries: (count: number, isExact: boolean) =>
    `${formatTotal(count, isExact)} ${count === 1 ? 'registry' : 'registries'}`,
  calm: 'Nothing needs attention',
  empty: 'No registries yet',
  mayNot: 'Your token may not look at the registries of this project.',
  failed: 'Could not be asked',
  groups: {
    broken: 'failing, expired or without a credential',
    expiring: 'expiring',
    overdue: 'overdue for rotation',
  },
} as const;
