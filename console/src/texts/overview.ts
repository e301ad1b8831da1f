import { formatCount, plural } from '../components/format.ts';

/** What a project looks like today. */
export const OVERVIEW = {
  title: 'Overview',
  what: 'the overview',
  attention: {
    title: 'Needs attention',
    calm: 'Nothing needs attention',
    calmText: 'No credential is failing, expired or about to expire, and none is overdue for rotation.',
    /** Without a number until it is known. */
    all: (count: string | undefined) => (count === undefined ? 'All of them' : `All ${count}`),
    groups: {
      failing: { title: 'Failing', text: 'The registry refuses the credential: pipelines that use it fail.' },
      needsCredential: {
        title: 'Without a credential',
        text: 'The stored secret is missing: rotate to store it again.',
      },
      expired: { title: 'Expired', text: 'It is no longer issued: rotate it.' },
      expiring: { title: 'Expiring', text: 'Rotate it before it ends.' },
      overdue: { title: 'Rotation overdue', text: 'It is older than this project wants it to be.' },
      neverTested: { title: 'Never tested', text: 'Nobody knows whether the current version works.' },
      unused: { title: 'Unused for 90 days', text: 'If nobody needs it any more, delete it.' },
    },
  },
  endings: {
    title: 'What ends in the next 90 days',
    none: 'Nothing that Purser knows of ends in the next 90 days.',
    expires: 'expires',
    rotationDue: 'rotation due',
    more: 'At most 100 of each kind are shown.',
  },
  use: {
    title: 'Use in the last 30 days',
    sum: (issued: number, failed: number) =>
      `${plural(issued, 'credential')} issued${failed === 0 ? '' : `, ${formatCount(failed)} denied or failed`}`,
    none: 'No pipeline has asked for a credential in the last 30 days.',
    issued: 'Issued',
    failed: 'Denied or failed',
  },
  notices: {
    title: 'Latest notices',
    all: 'All notices',
    none: 'Nothing has been noticed yet. Rotations, expiries and failures will stand here.',
  },
  empty: {
    title: 'This project has no registries yet',
    text: 'Add one, and this page shows what needs attention, what ends when, and how much it is used.',
    readOnly: 'Nobody has added one yet, and your token may not.',
    add: 'Add a registry',
  },
} as const;
