import { plural } from '../components/format.ts';

export const HISTORY = {
  title: 'History',
  what: 'the history',
  needsAudit: (permission: string) =>
    `The history is a part of the audit log. Your token does not grant ${permission}, so only the time travel is here.`,
  none: 'Nothing has happened yet',
  one: 'entry',
  entries: 'entries',
  by: (actor: string) => `by ${actor}`,
  service: 'the service itself',
  times: (count: number) => `${count} times`,
  asItStood: 'As it stood then',
  entry: 'In the audit log',
  nothing: 'nothing',
  allChanges: (count: number) => `All ${count} fields`,
  travel: {
    title: 'As it stood on…',
    field: 'Moment, in your time zone',
    show: 'Show',
    now: 'Back to now',
    heading: 'As it stood on',
    absent: 'It did not exist then: it was not created yet, or deleted.',
    same: 'Nothing differs from now.',
    differs: (count: number) => `${plural(count, 'thing')} differed from now.`,
    fact: 'What',
    was: 'Then',
    is: 'Now',
    unchanged: 'Show all that was the same',
    tests: 'Tests and leases are not part of this: they are kept apart.',
  },
} as const;

/** Names of what can differ between two moments. */
export const FACTS = {
  name: 'Name',
  username: 'User name',
  access: 'Access',
  provider: 'Provider',
  description: 'Description',
  email: 'Contact',
  authRealmHost: 'Token server',
  caCertificate: 'Certificate authority',
  mint: 'Minting',
  version: 'Version',
  rotatedAt: 'Current since',
  rotatedBy: 'Rotated by',
  expiresAt: 'Expires',
  expirySource: 'Source of the expiry',
  rotateEveryDays: 'Rotate every',
  rotationDueAt: 'Rotation due',
  staged: 'Staged version',
  retiring: 'Retiring version',
} as const;

/** Other fields of the inputs, as entries name them. */
export const FIELDS: Readonly<Record<string, string>> = {
  ...FACTS,
  url: 'URL',
  password: 'Password',
  credentialVersion: 'Version',
  purpose: 'For',
  repository: 'Repository',
  outcome: 'Outcome',
  note: 'Note',
  stagedPassword: 'Staged version',
  retiringPassword: 'Old version',
  graceEndsAt: 'Grace ends',
  reason: 'Because',
  activeLeases: 'Active leases',
  forced: 'Although it was in use',
  form: 'As',
  repeated: 'Given out before',
  withdrawn: 'Taken back by the service',
  message: 'What the pipeline said',
  successor: 'Successor',
  webhook: 'Webhook',
  delivery: 'Delivery',
};

/** Of a registry whose passwords are minted, after who mints them. */
export const FEDERATED = 'without a stored secret';

/** Values that the service chooses, by the field that has them. */
export const CHANGE_WORDS = {
  reason: {
    REQUESTED: 'somebody asked for it',
    REPLACED: 'another version took its place',
    LAST_LEASE_ENDED: 'its last lease ended',
    GRACE_ENDED: 'its grace ended',
  },
  form: { PASSWORD: 'the password', REGISTRY_TOKEN: 'a token of the registry' },
  repeated: { true: 'yes' },
  withdrawn: { true: 'yes' },
} as const;

/** What happened, for entries that can stand in the history of a registry. Others are shown by their name. */
export const ACTIONS: Readonly<Record<string, string>> = {
  CREATE_REGISTRY: 'Created',
  UPDATE_REGISTRY: 'Details changed',
  ROTATE_CREDENTIAL: 'Rotated at once',
  STAGE_CREDENTIAL: 'Next version staged',
  REQUEST_SUCCESSOR: 'Next version asked of its issuer',
  DISCARD_SUCCESSOR: 'What the issuer was asked for was given up',
  REVOKE_SUCCESSOR: 'Revoked at its issuer',
  ACTIVATE_CREDENTIAL: 'Staged version activated',
  ABANDON_STAGED_CREDENTIAL: 'Staged version abandoned',
  RETIRE_CREDENTIAL: 'Old version destroyed',
  LINK_PIPELINE: 'Pipeline linked',
  UNLINK_PIPELINE: 'Pipeline unlinked',
  REVOKE_LEASES: 'All leases revoked',
  REVOKE_LEASE: 'Lease revoked',
  RELEASE_LEASE: 'Lease released',
  ISSUE_CREDENTIAL: 'Issued to a pipeline',
  DELETE_REGISTRY: 'Deleted',
  DISCARD_PENDING_SECRET: 'Password of an unfinished change destroyed',
  LEARN_EXPIRY: 'Expiry learnt from the registry',
  TEST_REGISTRY: 'Tested',
  TEST_STAGED_CREDENTIAL: 'Test of the staged version',
  REPORT_AUTHENTICATION_FAILURE: 'A pipeline reported a refused login',
};

export const EDIT = {
  title: 'Details',
  accessHelp: 'Pull only is the least privilege: leases to push are refused.',
  username: 'User name',
  usernameHelp: 'A new user name makes a new version of the credential, and ends a staged and a retiring one.',
  expiresAt: 'Expires',
  expiresHelp: 'When the password ends. An earlier date within the password itself counts more.',
  advanced: 'Connection',
  save: 'Save',
  reset: 'Undo my changes',
  nothing: 'Nothing was changed.',
  verify: 'Test the login first, and save nothing if it fails',
  saved: 'Saved',
  fixed: 'The URL never changes. To use another, delete this registry and add the other.',
  password: 'A new password is entered by rotating.',
  conflict: {
    title: 'Somebody else changed this registry',
    intro: 'Nothing of yours was saved, and nothing of it is lost. Since you opened it:',
    nothing: 'nothing that this form shows changed.',
    clash: (fields: string) =>
      `You both changed ${fields}. Your text stands in the form; saving puts it in the place of theirs.`,
    take: 'Go on with theirs and mine',
    discard: 'Drop mine, show theirs',
  },
} as const;

export const SNIPPETS = {
  title: 'Use it in a pipeline',
  intro: 'Ready to copy, with this registry’s values. None of it holds a secret: who asks proves it by its own token.',
  placeholders:
    'What stands in <…> is yours to fill in. <SHA-256> is in the release notes of the version that you looked at.',
  client: 'Client',
  clients: {
    docker: 'docker',
    podman: 'podman',
    kubernetes: 'Kubernetes',
    github: 'GitHub Actions',
    gitlab: 'GitLab CI',
    woodpecker: 'Woodpecker',
  },
  names: {
    helper: 'Once, on the machine that runs pipelines: the credential helper',
    dockerConfig: '~/.docker/config.json',
    dockerJob: 'In the pipeline',
    podmanJob: 'In the pipeline: the same file serves skopeo and buildah',
    externalSecrets: 'External Secrets Operator: a Secret for imagePullSecrets',
    kubelet: 'Or the kubelet asks: its credential provider, on each node',
    githubJob: 'In the workflow, with the action from integrations/github',
    gitlabJob: 'In .gitlab-ci.yml, with the include from integrations/gitlab',
    woodpeckerServer: 'For the Woodpecker server: it signs what it asks, so there is no token',
  },
  notes: {
    docker:
      'After an error of a helper, docker goes on anonymously and without a word. A step before can ask first: echo HOST | docker-credential-purser get >/dev/null',
    podman: 'podman, skopeo and buildah stop if the helper fails.',
    kubernetes: 'The service needs the cluster as an issuer, and a trust rule for the service account.',
    github: 'The service needs GitHub as an issuer, and a trust rule for the repository.',
    gitlab: 'The service needs GitLab as an issuer, and a trust rule for the project.',
    woodpecker:
      'Pipelines for pull requests are asked for too: give the registry “Pull only” access, or leave them out by a trust rule.',
  },
  ca: 'This registry has a private certificate authority. Its clients must trust it as well: the answer to issueCredential has it as caCertificate.',
  rules: 'Trust rules',
} as const;
