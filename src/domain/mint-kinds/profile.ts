/** Settings that only some kinds need. */
export const MINT_SETTINGS = ['roleArn', 'externalId', 'tenantId', 'installationId', 'apiUrl'] as const;

export type MintSetting = (typeof MINT_SETTINGS)[number];

/** Everything that is specific to one way of minting passwords, except the cloud's protocol. */
export interface MintKindProfile {
  /** For readers of the API. */
  readonly description: string;
  /** What to enter as user name and password, for readers of the API. */
  readonly takes: string;
  /** The registries whose passwords it mints, for people. */
  readonly registries: string;
  readonly settings: Readonly<Partial<Record<MintSetting, SettingRule>>>;
  /** What is wrong with settings that each have the right shape; undefined if nothing is. */
  readonly settingsFault?: (settings: Readonly<Record<MintSetting, string | null>>) => string | undefined;
  /** A minted password can be limited to pulling. */
  readonly narrows: boolean;
  /** What is wrong with the user name in any credential of this kind; undefined if nothing is. */
  readonly usernameFault?: (username: string) => string | undefined;
  /** Why the cloud can never accept this credential. Holds no part of the password. */
  readonly sourceFault?: (username: string, password: string) => SourceFault | undefined;
}

export interface SettingRule {
  readonly shape: RegExp;
  readonly required: boolean;
  /** The message if the setting is missing, wrong, or given to another kind. */
  readonly fault: string;
}

export interface SourceFault {
  readonly field: 'username' | 'password';
  readonly message: string;
}
