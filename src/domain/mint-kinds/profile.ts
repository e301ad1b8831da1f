/** Settings that only some kinds need. */
export const MINT_SETTINGS = [
  'roleArn',
  'externalId',
  'tenantId',
  'installationId',
  'apiUrl',
  'clientId',
  'workloadIdentityProvider',
  'serviceAccountEmail',
  'robot',
  'providerName',
] as const;

export type MintSetting = (typeof MINT_SETTINGS)[number];

/** Those that are not set are null, or left out. */
export type MintSettings = Readonly<Partial<Record<MintSetting, string | null>>>;

/** Everything that is specific to one way of minting passwords, except the cloud's protocol. */
export interface MintKindProfile {
  /** For readers of the API. */
  readonly description: string;
  /** What to enter as user name and password, for readers of the API. */
  readonly takes: string;
  /** The registries whose passwords it mints, for people. */
  readonly registries: string;
  /** With a stored credential. */
  readonly settings: SettingRules;
  /** What is wrong with settings that each have the right shape; undefined if nothing is. */
  readonly settingsFault?: (settings: MintSettings) => string | undefined;
  /** Without a stored credential. Undefined: the cloud does not take the service's own tokens. */
  readonly federated?: FederatedLogin;
  /** There is no other login. */
  readonly onlyFederated?: true;
  /** A minted password can be limited to pulling. */
  readonly narrows: boolean;
  /** What is wrong with the user name in any credential of this kind; undefined if nothing is. */
  readonly usernameFault?: (username: string) => string | undefined;
  /** Why the cloud can never accept this credential. Holds no part of the password. */
  readonly sourceFault?: (username: string, password: string) => SourceFault | undefined;
}

export type SettingRules = Readonly<Partial<Record<MintSetting, SettingRule>>>;

/** How the service's own token is exchanged. */
export interface FederatedLogin {
  readonly settings: SettingRules;
  /**
   * `aud` of the token, which is the cloud's and no caller's choice: a token for one cloud is of no use at another.
   * @param url canonical `host[:port]` of the registry
   */
  readonly audience: (settings: MintSettings, url: string) => string;
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
