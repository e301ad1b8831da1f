import { formatDuration, plural } from '../components/format.ts';

export const ROTATE = {
  title: (name: string) => `Rotate ${name}`,
  intro: 'Replace the credential with the consequences in view. Each step is saved: you can leave and come back.',
  steps: {
    impact: 'What would be hit',
    enter: 'The new credential',
    prove: 'Prove it',
    activate: 'Activate it',
    watch: 'Old leases end',
  },
  stepsLabel: 'Steps of the rotation',
  nowTitle: 'Replace it at once',
  cancel: 'Cancel',
  back: 'Back',
} as const;

export const IMPACT = {
  title: 'What would be hit now',
  what: 'who uses it',
  none: 'Nothing runs with it',
  noneHelp: 'No lease is active. Whoever asks next gets what is current then.',
  leases: (count: number) =>
    `${plural(count, 'lease')} ${count === 1 ? 'is' : 'are'} active. With a grace they keep the version they have until they end.`,
  leasesTitle: 'Active leases',
  more: (shown: number) => `The ${shown} that end last are shown.`,
  lately: 'Pipelines of the last 30 days',
  latelyHelp: 'They log in again with their next lease, and get the new version without a change of theirs.',
  first: 'Make a new password or token at the registry first. Do not revoke the old one yet.',
  go: 'Enter the new credential',
  now: 'Replace it at once…',
  nowHelp: 'The short way: no proof beside the old one, no grace.',
} as const;

export const ENTER = {
  title: 'Enter the new credential',
  keeps: 'It is stored as the next version, beside the current one. No pipeline gets it before you activate it.',
  how: 'What is stored',
  itself: {
    label: 'The password or token itself',
    help: 'Pipelines are issued what you enter.',
  },
  stored: {
    labels: {
      AMAZON_ECR: 'Mint from an access key',
      AMAZON_ECR_PUBLIC: 'Mint from an access key',
      GOOGLE: 'Mint from a service-account key',
      AZURE: 'Mint from a service principal',
      GITHUB_APP: 'Mint from an app’s private key',
    },
    help: 'Pipelines are issued short-lived passwords; the secret never leaves this service.',
  },
  federated: {
    label: 'Mint without a stored secret',
    help: 'This service proves who it is by its own token. What to set up there: purser federation export.',
  },
  username: 'User name',
  usernameKept: (username: string) => `Left empty, it stays ${username}.`,
  password: 'New password or token',
  passwordHelp: 'It is sent once, stored encrypted, and never shown again.',
  secrets: {
    AMAZON_ECR: 'Secret access key',
    AMAZON_ECR_PUBLIC: 'Secret access key',
    AZURE: 'Secret of the service principal',
    GOOGLE: 'Service-account key, as JSON',
    GITHUB_APP: 'Private key of the app, as PEM',
    QUAY: 'Password',
    ARTIFACTORY: 'Password',
  },
  expiresAt: 'Expires',
  expiresHelp: 'When it ends, if it does. An earlier date within the secret itself counts more.',
  test: 'Test it',
  testHelp: 'Logs in with what is entered here, and stores nothing.',
  tested: 'What the test found',
  stage: (version: string) => `Store as ${version}`,
  next: 'the next version',
  lost: 'It is not known whether it was stored. Send the same again, with its secret entered anew: it is stored once.',
  empty: 'Enter the new password or token.',
  replaced: 'A staged version would be replaced.',
} as const;

export const OVERTAKEN = {
  title: 'The registry has changed since you began',
  current: (version: number, by: string) => `Version ${version} is the current one, by ${by}.`,
  staged: (version: number, by: string) => `Version ${version} is staged, by ${by}. What you store replaces it.`,
  goOn: 'Go on from what is there now',
} as const;

export const PROVE = {
  title: (version: number) => `Prove version ${version}`,
  how: 'Tests the staged version and the current one at the same moment, where the current one last proved what it may do. Nothing is activated, and no pipeline notices.',
  staged: 'Staged',
  by: (subject: string) => `by ${subject}`,
  expires: 'It expires',
  test: 'Test both versions',
  again: 'Test again',
  goOn: 'Go on to the activation',
  skip: 'Go on without a proof',
  abandon: 'Abandon…',
  proved: 'It proves all that the current version proves: it can be activated',
  lacking: 'It does not prove enough: an activation would be refused',
  compared: 'Found at the same moment',
  ofStaged: (version: number) => `Staged: version ${version}`,
  ofActive: (version: number) => `Current: version ${version}`,
  noActive: 'Its password is missing here, so it proves nothing.',
  lastTest: 'Last test of the staged version',
} as const;

export const ACTIVATE = {
  title: (version: number) => `Activate version ${version}`,
  grace: 'What runs now',
  graces: {
    none: 'No grace',
    noneHelp: (count: number | undefined) => {
      if (count === undefined) return 'Leases that run would lose the old version at once.';
      return count === 0
        ? 'No lease is active, so nobody loses anything.'
        : `${plural(count, 'lease')} would lose the old version at once.`;
    },
    recommended: 'Until they end',
    recommendedHelp: (last: string | undefined) =>
      last === undefined ? 'No lease lasts longer than a day.' : `The last running lease ends on ${last}.`,
    other: 'Another time',
    otherHelp: 'Up to a day.',
  },
  minutes: 'Grace, in minutes',
  minutesHelp: '0 to 1440. The old version is destroyed when its last lease ends, at the latest then.',
  minutesError: 'A whole number from 0 to 1440.',
  cutOff: (count: number) => `${plural(count, 'lease')} may lose the old version before ending.`,
  unread: 'It is not known which leases run',
  skip: 'Activate without the test',
  skipHelp: 'For a registry that is down now. Nothing proves that the staged version works.',
  go: 'Test both and activate',
  goUntested: 'Activate without a test',
  back: 'Back to the proof',
  refused: 'It was not activated: nothing has changed',
  outcome: 'What activating does',
  tested: (active: number) =>
    `Both versions are tested once more. If the staged one proves less than version ${active}, nothing changes.`,
  untested: 'Nothing is tested first.',
  becomes: (staged: number) => `Version ${staged} becomes the current one: whoever asks from then on gets it.`,
  nobody: (active: number) => `No lease holds version ${active}: Purser’s copy of it is destroyed at once.`,
  lost: (count: number | undefined, active: number) =>
    `${count === undefined ? 'Any lease that runs' : plural(count, 'lease')} ${count === undefined || count === 1 ? 'loses' : 'lose'} version ${active} at once, and Purser’s copy of it is destroyed.`,
  kept: (count: number | undefined, active: number, minutes: number) =>
    `${count === undefined ? 'Any lease that runs' : plural(count, 'lease')} ${count === undefined || count === 1 ? 'keeps' : 'keep'} version ${active}. Purser’s copy of it is destroyed when the last of them ends, ${formatDuration(minutes * 60)} from now at the latest.`,
  ends: (retiring: number) => `Version ${retiring}, which leases still keep, is destroyed at once.`,
  revoke: 'At the registry the old password works until you revoke it there.',
} as const;

export const WATCH = {
  title: (version: number) => `Version ${version} is current`,
  waiting: (count: number, version: number) =>
    count === 0
      ? `No lease holds version ${version} any more. Its copy here is about to be destroyed.`
      : `${plural(count, 'lease')} still ${count === 1 ? 'holds' : 'hold'} version ${version}.`,
  until: 'Destroyed at the latest',
  live: 'This page follows them. You can leave it; nothing depends on it.',
  over: 'The old version is gone',
  overHelp:
    'Purser’s copy is destroyed. Now revoke the old password or token at the registry: until then the registry accepts it.',
  warnings: 'Older versions that leases still hold',
  leases: 'Leases on the old version',
  progress: 'Old leases that have ended',
  done: 'To the registry',
  again: 'Rotate again',
} as const;

export const NOW = {
  title: 'Replace it at once',
  consequences: [
    'The current version is destroyed here the moment the new one is stored, with a staged and a retiring one.',
    'Runs that ask again get the new version. What was handed out works at the registry until it is revoked there.',
    'Nothing compares the new version with the old one, and there is no way back.',
  ],
  verify: 'Test the login first, and change nothing if it fails',
  refuse: 'Change nothing if leases are active',
  go: 'Replace the credential',
  confirm: (count: number) =>
    count === 0 ? 'No lease is active now.' : `${plural(count, 'lease')} ${count === 1 ? 'is' : 'are'} active now.`,
  guided: 'The guided way instead',
} as const;

export const ABANDON = {
  title: (version: number) => `Abandon version ${version}?`,
  what: 'The staged password is destroyed here. The current version stays as it is.',
  confirm: 'Abandon it',
  done: (version: number) => `Version ${version} was abandoned`,
} as const;
