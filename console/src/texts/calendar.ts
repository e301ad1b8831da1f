import { plural } from '../components/format.ts';

/** Calendar feeds, which show elsewhere what ends when. */
export const CALENDAR = {
  title: 'Calendar',
  intro:
    'When credentials expire or are due for rotation, in the calendar program that you look at anyway: each feed is a secret URL.',
  what: 'calendar feeds',
  create: 'Create a feed',
  table: 'Calendar feeds of the project',
  columns: {
    name: 'Feed',
    createdBy: 'Created by',
    createdAt: 'Created',
    expiresAt: 'Opens until',
    actions: 'Actions',
  },
  most: 20,
  full: (count: number) => `A project has at most ${plural(count, 'feed')}: revoke one to create another.`,
  empty: {
    title: 'No calendar feed yet',
    text: 'A feed shows the names and URLs of registries with their dates, and no credential. Make one for each reader, so that each can be revoked alone.',
    readOnly: 'Nobody has made one. Your token may look at feeds, and not make them: that needs registry:write.',
  },
  form: {
    title: 'Create a calendar feed',
    name: 'Name',
    nameHelp: 'Calendar programs show it. Name who reads it: “Platform team”.',
    expiresAt: 'Opens until',
    expiresAtHelp: 'At most 730 days from now; left out, 365 days.',
    submit: 'Create the feed',
    cancel: 'Cancel',
    lost: 'If the feed is in the list by now, revoke it: its URL was shown to nobody.',
  },
  created: {
    title: 'The feed’s URL',
    once: 'It is shown this once: copy it now',
    onceText:
      'Whoever has the URL reads the calendar without signing in. Purser keeps no copy; if it gets lost, revoke the feed and make another.',
    what: 'the URL of the feed',
    how: 'Add it to your calendar',
    programs: [
      { name: 'Google Calendar', steps: 'Other calendars → + → From URL. Google reads it again within a day.' },
      { name: 'Outlook', steps: 'Add calendar → Subscribe from web. Outlook reads it again within some hours.' },
      { name: 'Apple Calendar', steps: 'File → New Calendar Subscription; set Auto-refresh to every hour.' },
    ],
    reachable:
      'Google and Outlook on the web read it from their own servers, so they must reach this service; programs on your machine read it from there.',
    done: 'I have copied it',
  },
  revoke: {
    action: 'Revoke',
    actionFor: (name: string) => `Revoke ${name}`,
    title: (name: string) => `Revoke “${name}”?`,
    text: 'Its URL opens nothing any more, at once. Calendars that subscribed to it show an error, or what they read last.',
    confirm: 'Revoke the feed',
    done: (name: string) => `“${name}” opens nothing any more`,
  },
} as const;
