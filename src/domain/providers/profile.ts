import type { Instant } from '../instant.ts';
import type { MintKind } from '../mint-kinds/table.ts';
import type { ProbeDetail, ProbeOutcome } from '../probe-outcome.ts';

/** All that is particular to one provider. What a profile leaves out is as the protocols' specifications have it. */
export interface ProviderProfile {
  /** For readers of the API. */
  readonly description: string;
  readonly registries: readonly KnownRegistry[];
  /** Where the provider explains the login. */
  readonly documentation: string | null;
  /** A person may declare it for any other host, because its own hosts look like any. Default: false. */
  readonly declarable?: boolean;
  readonly address?: Address;
  /** The host, beside the registry's own, that makes its tokens. `hostname` is the registry's. */
  readonly tokenHost?: (hostname: string) => string | undefined;
  readonly username: UsernameRules;
  readonly password: PasswordRules;
  /** Default: `BY_THE_BOOK`. */
  readonly probe?: ProbeStrategy;
  /** Where the provider tells when a credential ends. Default: nowhere. */
  readonly expiry?: ExpiryLookup;
  /** How passwords can be minted for its registries. Default: not at all. */
  readonly mintKinds?: readonly MintKind[];
  readonly diagnoses: readonly Diagnosis[];
}

/** A kind of registry, as people choose it and as its host tells it. */
export interface KnownRegistry {
  readonly name: string;
  /** For people to read; what decides is `host`. */
  readonly urlPatterns: readonly string[];
  /**
   * Matches the whole canonical `host[:port]`, so it is anchored at both ends and any port keeps it from matching.
   * Null where only a person can tell.
   */
  readonly host: RegExp | null;
}

/** How a registry is called and reached where that is not simply its canonical host. */
export interface Address {
  /** Other hosts of the same registry. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Web sites that people take for the registry behind them. */
  readonly webSites?: Readonly<Record<string, string>>;
  /** The host that serves the registry's API. */
  readonly api?: string;
  /** The key under which clients keep the credential, in `config.json` and with credential helpers. */
  readonly clientKey?: string;
  /** The namespace of repositories that are named without one. */
  readonly defaultNamespace?: string;
}

export interface UsernameRules {
  /** What the user name is, for a form. */
  readonly hint: string;
  /** The only ones that can log in, the usual one first. Default: any can. */
  readonly fixed?: readonly string[];
  /** What to say of any other. Default: which ones can. */
  readonly fault?: (username: string) => string;
  /** With these the password is always a token, never something that a person chose. */
  readonly ofTokens?: RegExp;
  /** With these the password is the key of a service account. */
  readonly ofKeys?: RegExp;
}

/** No function of these may put a part of the password into its answer. */
export interface PasswordRules {
  /** What the password is, for a form. */
  readonly hint: string;
  readonly tokens?: readonly TokenShape[];
  /**
   * What a refusal says of a password that is no token of this provider: that tokens of others are refused, or that
   * passwords which people chose are refused as well. Default: nothing.
   */
  readonly refuses?: 'FOREIGN_TOKENS' | 'ALL_BUT_OWN_TOKENS';
  /** Tokens of this provider that are refused at every registry, because they end too soon. */
  readonly unusable?: { readonly shape: RegExp; readonly why: string };
  /** Why this can never be the password; undefined where it can. */
  readonly fault?: (text: string, username: string) => string | undefined;
  /** Advice about a password that is accepted although it will probably not do. */
  readonly warnings?: (text: string, username: string) => string[];
  /** Why the registry refused it, as far as its text tells. */
  readonly refusedAs?: (text: string, username: string) => ProbeDetail | null;
  /** When it expires, as it says itself. Default: as a JWT says it. */
  readonly expiresAt?: (text: string) => Instant | null;
}

export interface TokenShape {
  readonly shape: Pick<RegExp, 'test'>;
  /**
   * What a text of this shape tells. ISSUER: that it is this provider's, wherever it is entered. TOKEN: that a machine
   * made it, wherever. TOKEN_HERE: the same, but only with this provider's registries, because others' look alike.
   */
  readonly tells: 'ISSUER' | 'TOKEN' | 'TOKEN_HERE';
}

/** In what a registry differs from the protocol's specification. */
export interface ProbeStrategy {
  /** Statuses that mean a refused login. */
  readonly refusedLogin: readonly number[];
  /** What a 403 to the login means: the credential is no good, or it is and has not the scope that a login needs. */
  readonly forbiddenLogin: 'BAD_CREDENTIAL' | 'MISSING_SCOPE';
  /** In the body of a refusal: the credential was good once. */
  readonly expiredText: RegExp | null;
  /**
   * JWT: read what the token grants. OPAQUE: try it out, although it may look like a JWT. REFUSED_OR_WHOLE: a token is
   * made only with all that was asked for.
   */
  readonly token: 'JWT' | 'OPAQUE' | 'REFUSED_OR_WHOLE';
  /** WHERE_IT_EXISTS: to ask for a push token is what creates a repository. */
  readonly askForPush: 'ALWAYS' | 'WHERE_IT_EXISTS';
  /** The end of a realm's URL that gives the provider away where it was not declared; null where none does. */
  readonly telltaleRealm: RegExp | null;
}

/** As the distribution specification has it. */
export const BY_THE_BOOK: ProbeStrategy = {
  refusedLogin: [401, 403],
  forbiddenLogin: 'BAD_CREDENTIAL',
  expiredText: null,
  token: 'JWT',
  askForPush: 'ALWAYS',
  telltaleRealm: null,
};

/** An API that tells when a credential ends, and the credentials that it knows. */
export interface ExpiryLookup {
  readonly api: 'GITHUB' | 'GITLAB' | 'HARBOR';
  /** Default: any. */
  readonly usernames?: RegExp;
  /** Default: any. */
  readonly passwords?: RegExp;
}

/** What one finding means, and what to do about it. */
export interface Diagnosis {
  readonly outcome: ProbeOutcome;
  /** Left out: any, and none. */
  readonly detail?: ProbeDetail;
  /** Matches the canonical `host[:port]`: then the provider does not matter. Left out: any. */
  readonly host?: RegExp;
  /** What is wrong, as a sentence. */
  readonly cause: string;
  /** What to do, as a sentence or two. */
  readonly fix: string;
}
