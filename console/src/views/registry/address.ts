/** The sections of a registry's page, in the order of their tabs. */
export const SECTIONS = ['credential', 'health', 'pipelines', 'leases', 'history', 'edit', 'snippets'] as const;
export type Section = (typeof SECTIONS)[number];

/** What the address of a registry's page holds beside its id. */
export interface RegistrySearch {
  /** Left out: the credential. */
  readonly tab?: Exclude<Section, 'credential'>;
  /** The moment that the history shows the registry at. */
  readonly at?: string;
  /** Leases that have ended as well. */
  readonly leases?: 'all';
  /** Only leases of exactly this pipeline, or of this run. */
  readonly pipeline?: string;
  readonly run?: string;
}

const TEXT_LIMIT = 255;

/** Unknown and malformed values are dropped, so that an old or mistyped link still shows the page. */
export function registrySearch(search: Readonly<Record<string, unknown>>): RegistrySearch {
  const tab = SECTIONS.find((section) => section === search.tab);
  const at = moment(search.at);
  const pipeline = text(search.pipeline);
  const run = text(search.run);
  return {
    ...(tab !== undefined && tab !== 'credential' && { tab }),
    ...(at !== undefined && { at }),
    ...(search.leases === 'all' && { leases: 'all' }),
    ...(pipeline !== undefined && { pipeline }),
    ...(run !== undefined && { run }),
  };
}

/** What the address of a rotation holds. */
export interface RotateSearch {
  /** `enter`: the new credential is being entered; `now`: the same, to replace the old one at once. */
  readonly step?: 'enter' | 'now';
  /** The version that was activated here. */
  readonly activated?: number;
}

export function rotateSearch(search: Readonly<Record<string, unknown>>): RotateSearch {
  const activated = Number(search.activated);
  return {
    ...((search.step === 'enter' || search.step === 'now') && { step: search.step }),
    ...(Number.isSafeInteger(activated) && activated > 0 && { activated }),
  };
}

/** The router reads what looks like a number or a truth value as one. */
function text(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const entered = String(value);
  return entered === '' || entered.length > TEXT_LIMIT ? undefined : entered;
}

function moment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
