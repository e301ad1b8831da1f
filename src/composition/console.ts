import { statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { Logger } from 'pino';
import { type ConsoleProvider, parseConsoleProvider } from '../adapters/auth/console-provider.ts';
import type { IssuerConfig } from '../adapters/auth/issuers.ts';
import { createSignInCodes, type SignInCodes } from '../adapters/auth/sign-in-codes.ts';
import type { Config } from '../config/config.ts';
import { isLoopbackHost } from '../domain/loopback.ts';
import { Secret } from '../domain/secret.ts';
import type { ConsoleOptions, SignInSettings } from '../http/console/console.ts';
import { BUILD_LIST, type ConsoleBuild, readConsoleBuild } from '../http/console/console-build.ts';
import type { DevelopmentSignIn } from '../http/console/development-sign-in.ts';
import { packageFolder } from '../package-folder.ts';
import { VERSION } from '../version.ts';

/** What a link signs in to, and the token that the start prints is for. */
export const DEMO_PROJECT = 'demo';

export interface ConsoleDeps {
  readonly config: Config;
  readonly issuers: readonly IssuerConfig[];
  /** Makes the token of a developer. Undefined if issuers are configured. */
  readonly developmentToken: ((projectId: string) => Promise<string>) | undefined;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

export interface Console {
  readonly routes: ConsoleOptions;
  /** The address that signs in once, on the service at that URL. Undefined if people sign in otherwise. */
  readonly link: ((url: string) => Promise<string>) | undefined;
}

/** Undefined if it is off. @throws ConsoleConfigurationError @throws ConsoleBuildFault */
export async function openConsole(deps: ConsoleDeps): Promise<Console | undefined> {
  const { config, issuers, developmentToken, logger } = deps;
  if (!config.console) return undefined;
  const provider = config.consoleOidc === undefined ? undefined : parseConsoleProvider(config.consoleOidc, issuers);
  const build = await openBuild(join(packageFolder(), 'dist/console'), deps);
  if ((await build()) === undefined) {
    logger.warn('the console is not served, because it was not built: run npm run build, or set CONSOLE to off');
  }
  const takesLinks = linkRefusal(config) === undefined && developmentToken !== undefined;
  const codes = createSignInCodes(config.dataDir);
  return {
    routes: {
      build,
      settings: { version: VERSION ?? 'from source', signIn: signInSettings(config, provider) },
      connectTo: provider === undefined ? [] : [...new Set([new URL(provider.issuer).origin, ...provider.origins])],
      reportTo: config.consoleReportUrl,
      ...(takesLinks && { developmentSignIn: developmentSignIn(codes, developmentToken, logger) }),
    },
    link: takesLinks ? (url) => signInLink(codes, url) : undefined,
  };
}

/** Why nobody signs in by a link, and what to do. Undefined: a developer does. */
export function linkRefusal({ production, jwtIssuers, host, console: isServed }: Config): string | undefined {
  if (!isServed) return 'CONSOLE is off: leave it unset to use the console.';
  if (production || jwtIssuers !== undefined) {
    return 'Links sign in with the development issuer alone: sign in at the provider that CONSOLE_OIDC names.';
  }
  if (isLoopbackHost(host.includes(':') ? `[${host}]` : host)) return undefined;
  return `Links sign in on a service that only this machine reaches: set HOST to 127.0.0.1 in place of ${host}, or set JWT_ISSUERS and CONSOLE_OIDC.`;
}

/** An address that signs in once, within a minute. Its code stands in the fragment, which browsers send nowhere. */
export async function signInLink(codes: SignInCodes, url: string): Promise<string> {
  return `${url}/sign-in#code=${(await codes.create()).reveal()}`;
}

function signInSettings(config: Config, provider: ConsoleProvider | undefined): SignInSettings {
  if (provider !== undefined) {
    const { origins: _, ...shown } = provider;
    return { kind: 'openid-connect', ...shown };
  }
  const refusal = linkRefusal(config);
  if (refusal === undefined) return { kind: 'development' };
  const isDevelopment = !config.production && config.jwtIssuers === undefined;
  return {
    kind: 'none',
    reason: isDevelopment
      ? refusal
      : 'CONSOLE_OIDC is not set: whoever runs this service names the OpenID provider there.',
  };
}

function developmentSignIn(
  codes: SignInCodes,
  developmentToken: (projectId: string) => Promise<string>,
  logger: Pick<Logger, 'info'>,
): DevelopmentSignIn {
  return {
    async exchange(code) {
      const known = await codes.take(code);
      logger.info({ known }, 'a link was used to sign in to the console');
      if (!known) return undefined;
      const token = await developmentToken(DEMO_PROJECT);
      return { token: new Secret(token), expiresAt: new Date((decodeJwt(token).exp ?? 0) * 1000) };
    },
  };
}

/** Reads the console once; in development again whenever it was built anew. @throws ConsoleBuildFault */
async function openBuild(
  folder: string,
  { config, logger }: Pick<ConsoleDeps, 'config' | 'logger'>,
): Promise<() => Promise<ConsoleBuild | undefined>> {
  const builtAt = () => statSync(join(folder, BUILD_LIST), { throwIfNoEntry: false })?.mtimeMs;
  let knownAt = builtAt();
  let known = await readConsoleBuild(folder);
  if (config.production) return async () => known;
  return async () => {
    const at = builtAt();
    if (at === undefined || at === knownAt) return known;
    knownAt = at;
    try {
      known = (await readConsoleBuild(folder)) ?? known;
    } catch (err) {
      // It is being written. The next build will tell.
      logger.warn({ err }, 'the console that was built last stays');
    }
    return known;
  };
}
