import { plural } from '../components/format.ts';

/** What happened to credentials, as it is told. */
export const NOTICES = {
  title: 'Notices',
  intro: 'What happened to the credentials of this project, and what to do about it. New ones appear by themselves.',
  one: 'notice',
  what: 'notices',
  today: 'Today',
  yesterday: 'Yesterday',
  isNew: 'New',
  newCount: (count: number) => `${plural(count, 'new notice')} since you looked`,
  noneNew: 'Nothing new since you looked',
  markSeen: 'Mark as seen',
  calendar: 'Calendar',
  webhooks: 'Webhooks',
  by: (actor: string) => `by ${actor}`,
  filters: {
    kind: 'Kind',
    registry: 'Registry',
    thisRegistry: 'One registry',
    kindChip: (kinds: string) => `Kind: ${kinds}`,
    registryChip: (registry: string) => `Registry: ${registry}`,
  },
  empty: {
    title: 'Nothing has happened yet',
    text: 'When a credential is rotated, is about to expire, or is refused by its registry, it stands here at once.',
    action: 'To the registries',
  },
  nothingFound: {
    title: 'No notice matches',
    text: (looked: number) => `Of ${plural(looked, 'notice')} none has what the filters ask for.`,
    clear: 'Clear the filters',
    older: 'Look at older ones',
  },
  done: 'Settled since.',
  /** What a notice asks for, while nothing later has settled it. */
  advice: {
    AUTHENTICATION_FAILED: {
      text: 'Pipelines that use it fail. The diagnosis says why and what mends it.',
      to: 'health',
      link: 'See the diagnosis',
    },
    RECOVERED: { text: 'Nothing to do.' },
    EXPIRING: {
      text: 'Pipelines fail after that.',
      to: 'rotate',
      link: 'Rotate the credential',
    },
    EXPIRED: { text: 'Pipelines get it no more until it is rotated.', to: 'rotate', link: 'Rotate the credential' },
    ROTATION_OVERDUE: {
      text: 'Or set another interval, if that is too short.',
      to: 'rotate',
      link: 'Rotate the credential',
    },
    NEEDS_CREDENTIAL: {
      text: 'Enter the credential again: until then pipelines get none.',
      to: 'rotate',
      link: 'Enter a credential',
    },
    STAGED: { text: 'Test it, then activate it.', to: 'rotate', link: 'Go on with the rotation' },
    ROTATED: { text: 'Pipelines get the new version when they next ask.' },
    RETIRED: { text: 'Revoke it at the provider too, if that has not been done.' },
    ABANDONED: { text: 'Nothing to do here. Revoke it at the provider if it was made for this rotation.' },
    DELETED: { text: 'Revoke its credential at the provider, if nothing else uses it.' },
  },
  oldLeases: (count: number) => `${plural(count, 'lease')} had an older version then.`,
  seeLeases: 'See the leases',
  askWriter: 'Your token may not do this: ask somebody whose token grants registry:write.',
} as const;
