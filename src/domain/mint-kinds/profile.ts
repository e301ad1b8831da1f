/** What only some kinds need to know. */
export const MINT_SETTINGS = ['roleArn', 'tenantId', 'installationId'] as const;

export type MintSetting = (typeof MINT_SETTINGS)[number];

/** All that is particular to one way of minting passwords, apart from the cloud's protocol. */
export interface MintKindProfile {
  /** For readers of the API. */
  readonly description: string;
  /** What user name and password are, for readers of the API. */
  readonly takes: string;
  /** The registries whose passwords it mints, for people. */
  readonly registries: string;
  readonly settings: Readonly<Partial<Record<MintSetting, SettingRule>>>;
  /** A minted password can be limited to pulling. */
  readonly narrows: boolean;
  /** What is wrong with the user name in whatever credential of this kind; undefined where nothing is. */
  readonly usernameFault?: (username: string) => string | undefined;
  /** Why the cloud can never accept this credential. Holds no part of the password. */
  readonly sourceFault?: (username: string, password: string) => SourceFault | undefined;
}

export interface SettingRule {
  readonly shape: RegExp;
  readonly required: boolean;
  /** What is said where it is missing, wrong, or given to another kind. */
  readonly fault: string;
}

export interface SourceFault {
  readonly field: 'username' | 'password';
  readonly message: string;
}
