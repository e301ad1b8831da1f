/** The names of the views, as the navigation, the headings and the window's title have them. */
export const NAVIGATION = {
  projects: 'Projects',
  overview: 'Overview',
  registries: 'Registries',
  addRegistry: 'Add a registry',
  registry: 'Registry',
  rotate: 'Rotate the credential',
  notices: 'Notices',
  calendar: 'Calendar',
  webhooks: 'Webhooks',
  audit: 'Audit log',
  verify: 'Verify the audit log',
  trust: 'Trust rules',
  addTrustRule: 'Add a trust rule',
  trustRule: 'Trust rule',
} as const;

export const FRAME = {
  product: 'Purser',
  skip: 'Skip to the content',
  navigation: 'Project',
  openMenu: 'Menu',
  closeMenu: 'Close the menu',
  project: 'Project',
  switchProject: (project: string) => `Project ${project}: choose another`,
  findProject: 'Find a project',
  noProjectFound: 'No project has this in its name.',
  allProjects: 'All projects',
  account: (subject: string) => `Signed in as ${subject}`,
  signedInAs: 'Signed in as',
  issuer: 'By',
  signOut: 'Sign out',
  theme: 'Appearance',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  version: (version: string) => `Purser ${version}`,
  loading: 'Loading…',
  title: (parts: readonly string[]) => [...parts, 'Purser'].join(' · '),
} as const;

export const CONNECTION = {
  live: 'Live',
  reconnecting: 'Reconnecting…',
  offline: 'Not live',
  stopped: 'Not live',
  idle: 'Not live',
  explained: {
    live: 'Changes appear here as they happen.',
    reconnecting: 'The connection broke. What has happened in the meantime will appear when it is back.',
    offline: 'The service cannot be reached. What you see may be old.',
    stopped: 'Changes do not appear here by themselves any more.',
    idle: 'Nothing on this page changes by itself.',
  },
  noNetwork: 'This machine is offline. What you see may be old; nothing that you typed is lost.',
  noService:
    'The service does not answer at the moment. The page goes on as soon as it does; nothing that you typed is lost.',
} as const;

export const FAILURES = {
  retry: 'Try again',
  reload: 'Load the page again',
  home: 'To the projects',
  failedTitle: 'This view could not be shown',
  failed: 'Something in the console went wrong. Nothing at the service was changed by that.',
  notLoaded: 'Its code was not loaded yet. It appears by itself when the connection is back.',
  newVersion: 'The console was updated since this page was opened. Load it again to go on.',
  notFoundTitle: 'There is nothing here',
  notFound: 'No view has this address. It may have been mistyped, or what it led to was deleted.',
  forbiddenTitle: 'You may not see this',
  forbidden: (permission: string, project: string) =>
    `Your token does not grant ${permission} in the project “${project}”. Ask whoever manages your sign-in for it, then sign in again.`,
  noProjectTitle: 'You have no access to this project',
  noProject: (project: string) =>
    `Your token does not name the project “${project}”. Choose one of yours, or ask for access.`,
  requestId: 'Request',
} as const;
