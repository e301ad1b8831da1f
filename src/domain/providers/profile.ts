import type { Instant } from '../instant.ts';
import type { MintKind } from '../mint-kinds/table.ts';
import type { ProbeDetail, ProbeOutcome } from '../probe-outcome.ts';

/** Everything that is specific to one provider. What a profile leaves out follows the protocols' specifications. */
export interface ProviderProfile {
  /** For readers of the API. */
  readonly description: string;
  readonly registries: readonly KnownRegistry[];
  /** Where the provider explains the login. */
  readonly documentation: string | null;
  /** A person may declare it for any other host, because its hosts look like any. Default: false. */
  readonly declarable?: boolean;
  readonly address?: Address;
  /** The second host that makes the registry's tokens. `hostname` is the registry's. */
  readonly tokenHost?: (hostname: string) => string | undefined;
  readonly username: UsernameRules;
  readonly password: PasswordRules;
  /** Default: `BY_THE_BOOK`. */
  readonly probe?: ProbeStrategy;
  /** Where the provider tells when a credential expires. Default: nowhere. */
  readonly expiry?: ExpiryLookup;
  /** How passwords can be minted for its registries. Default: not at all. */
  readonly mintKinds?: readonly MintKind[];
  readonly diagnoses: readonly Diagnosis[];
}

/** A kind of registry that people can choose and that its host can tell. */
export interface KnownRegistry {
  readonly name: string;
  /** For people to read; `host` decides. */
  readonly urlPatterns: readonly string[];
  /**
   * Matches the whole canonical `host[:port]`: it is anchored at both ends, so a host with a port never matches.
   * Null if only a person can tell.
   */
  readonly host: RegExp | null;
}

/** How a registry is called and reached if its canonical host does not tell. */
export interface Address {
  /** Other hosts of the same registry. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Web sites that people mistake for the registry behind them. */
  readonly webSites?: Readonly<Record<string, string>>;
  /** Hosts of the past that images still name. An entry is made for the registry behind them. */
  readonly formerHosts?: Readonly<Record<string, string>>;
  /** Hosts of a service that has ended. */
  readonly closed?: { readonly host: RegExp; readonly why: string };
  /** The host that serves the registry's API. */
  readonly api?: string;
  /** The key under which clients keep the credential, in `config.json` and with credential helpers. */
  readonly clientKey?: string;
  /** The hosts, as images write them, that clients look up under `clientKey`. They look up every other host as it is. */
  readonly hostsOfClientKey?: readonly string[];
  /** The namespace of repositories that are named without one. */
  readonly defaultNamespace?: string;
}

export interface UsernameRules {
  /** What to enter as user name, for a form. */
  readonly hint: string;
  /** The only user names that can log in, the usual one first. Default: any can. */
  readonly fixed?: readonly string[];
  /** The message for any other user name. Default: names the ones that can log in. */
  readonly fault?: (username: string) => string;
  /** With these user names the password is always a token, never something that a person chose. */
  readonly ofTokens?: RegExp;
  /** With these user names the password is the key of a service account. */
  readonly ofKeys?: RegExp;
}

/** These functions may put no part of the password into their results. */
export interface PasswordRules {
  /** What to enter as password, for a form. */
  readonly hint: string;
  readonly tokens?: readonly TokenShape[];
  /**
   * Which passwords the provider never accepts: tokens of other providers, or everything that is not one of its own
   * tokens. Explains a refusal. Default: nothing is known.
   */
  readonly refuses?: 'FOREIGN_TOKENS' | 'ALL_BUT_OWN_TOKENS';
  /** Tokens of this provider that no registry entry may hold, because they expire too soon. */
  readonly unusable?: { readonly shape: RegExp; readonly why: string };
  /** Why this can never be the password; undefined if it can. */
  readonly fault?: (text: string, username: string) => string | undefined;
  /** Advice about a password that is accepted but will probably not work. */
  readonly warnings?: (text: string, username: string) => string[];
  /** Why the registry refused it, as far as its text tells. */
  readonly refusedAs?: (text: string, username: string) => ProbeDetail | null;
  /** When the password expires, by its own text. Default: by a JWT's claim. */
  readonly expiresAt?: (text: string) => Instant | null;
}

export interface TokenShape {
  readonly shape: Pick<RegExp, 'test'>;
  /**
   * What this shape tells. ISSUER: the text is a token of this provider, wherever it is entered. TOKEN: a machine made
   * it, wherever it is entered. TOKEN_HERE: a machine made it, but only at this provider's registries: elsewhere, other
   * things look the same.
   */
  readonly tells: 'ISSUER' | 'TOKEN' | 'TOKEN_HERE';
}

/** How a registry differs from the protocol's specification. */
export interface ProbeStrategy {
  /** Statuses that mean a refused login. */
  readonly refusedLogin: readonly number[];
  /** What a 403 to the login means: the credential is wrong, or it lacks the scope that a login needs. */
  readonly forbiddenLogin: 'BAD_CREDENTIAL' | 'MISSING_SCOPE';
  /** Matches the body of a refusal if the credential has expired. */
  readonly expiredText: RegExp | null;
  /** The registry refuses credentials with plain text. Elsewhere, that is a ban or a firewall. */
  readonly plainTextRefusals: boolean;
  /**
   * JWT: read what the token grants. OPAQUE: try the token out, even if it looks like a JWT. REFUSED_OR_WHOLE: a token
   * always grants everything that was asked for, or none is made.
   */
  readonly token: 'JWT' | 'OPAQUE' | 'REFUSED_OR_WHOLE';
  /** WHERE_IT_EXISTS: asking for a push token would create the repository. */
  readonly askForPush: 'ALWAYS' | 'WHERE_IT_EXISTS';
  /** The end of a realm's URL that reveals an undeclared provider; null if there is no such sign. */
  readonly telltaleRealm: RegExp | null;
}

/** What the distribution specification says. */
export const BY_THE_BOOK: ProbeStrategy = {
  refusedLogin: [401, 403],
  forbiddenLogin: 'BAD_CREDENTIAL',
  expiredText: null,
  plainTextRefusals: false,
  token: 'JWT',
  askForPush: 'ALWAYS',
  telltaleRealm: null,
};

/** An API that tells when a credential expires, and the credentials that it knows. */
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
  /** If left out, matches any detail and none. */
  readonly detail?: ProbeDetail;
  /** Matches the canonical `host[:port]`; the provider then does not matter. If left out, matches any host. */
  readonly host?: RegExp;
  /** What is wrong, as a sentence. */
  readonly cause: string;
  /** What to do, as a sentence or two. */
  readonly fix: string;
}
