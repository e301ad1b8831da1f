import { stripVTControlCharacters } from 'node:util';
import { CREDENTIALS_NOT_FOUND, isOtherKey, MAX_SERVER_URL, registryOfServerUrl } from '../domain/server-url.ts';
import {
  goesOnInOutages,
  readAsker,
  readConnection,
  readLeaseConfiguration,
  reportsFailures,
} from './client-configuration.ts';
import { ClientError, UnavailableError } from './client-error.ts';
import { createPurserClient, type PurserClient } from './purser-client.ts';

const NO_SERVER_URL = 'no credentials server URL';
/** For one command in total. Milliseconds. */
const TIMEOUT_MS = 10_000;
/** Purser takes no longer ones. The end of an output says most. Characters. */
const MAX_MESSAGE = 500;

export const USAGE = `usage: docker-credential-purser <get|list|store|erase|report|version>

  get      reads a registry's URL from stdin, prints its credential as JSON and records a lease for the pipeline
  list     prints the project's registries with their usernames (the token needs iam:project:cicd:registry:read)
  store    always refused: registries are managed in Purser
  erase    does nothing: no credential is stored on this machine (see PURSER_REPORT_FAILURE)
  report   tells Purser that the registry on stdin refused the credential; the lines after it say what the client said

environment:
  PURSER_URL               where Purser is; https, except on this machine
  PURSER_PROJECT           the project's id
  PURSER_TOKEN             a token of that project, or
  PURSER_ID_TOKEN          the identity token of a job, as GitLab makes it, or
  PURSER_TOKEN_FILE        the file that holds a token; read at each call. Without these a job of GitHub Actions that
                           may have an identity token (id-token: write) asks GitHub for one
  PURSER_AUDIENCE          optional: who that token is for (default: the host of PURSER_URL)
  PURSER_PIPELINE          which pipeline asks: the lease shows it
  PURSER_RUN_ID            optional: which run of it
  PURSER_PURPOSE           optional: PULL (default) or PUSH
  PURSER_TTL_SECONDS       optional: how long the lease lasts, 60 to 86400 (default 900)
  PURSER_ON_UNAVAILABLE    optional: anonymous goes on without a credential while Purser does not answer (default fail)
  PURSER_REPORT_FAILURE    optional: true makes erase report, as clients erase what was refused
  PURSER_ALLOW_PLAIN_HTTP  optional: true sends the token over http to other machines, in clear text
`;

export interface Invocation {
  readonly args: readonly string[];
  readonly readInput: () => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** What the process prints, and its exit status. Clients read errors from stdout; stderr is for people. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr?: string;
  readonly exitCode: 0 | 1;
}

/** Docker's credential-helper protocol, with Purser as the keychain. Never rejects. */
export async function runCredentialHelper(invocation: Invocation): Promise<Outcome> {
  try {
    return await dispatch(invocation);
  } catch (error) {
    if (error instanceof ClientError) return failed(named(error));
    // An unforeseen error's message may quote its input; its name cannot.
    return failed(`docker-credential-purser: unexpected ${error instanceof Error ? error.name : 'failure'}`);
  }
}

async function dispatch({ args, readInput, environment, version }: Invocation): Promise<Outcome> {
  const [command, ...rest] = args;
  if (rest.length > 0) return failed(USAGE);
  switch (command) {
    case 'get':
      return get(await readInput(), environment, version);
    case 'list':
      return list(await client(environment, version));
    case 'store':
      throw new ClientError('store is not supported: manage registries in Purser');
    case 'erase':
      return reportsFailures(environment) ? report(await readInput(), environment, version) : erase(await readInput());
    case 'report':
      return report(await readInput(), environment, version);
    case 'version':
    case '--version':
    case '-v':
      return succeeded(`docker-credential-purser ${version}`);
    case '--help':
    case '-h':
      return succeeded(USAGE);
    default:
      return failed(USAGE);
  }
}

async function get(input: string, environment: Invocation['environment'], version: string): Promise<Outcome> {
  const serverUrl = input.trim();
  if (serverUrl === '') return failed(NO_SERVER_URL);
  if (serverUrl.length > MAX_SERVER_URL) throw new ClientError('the server URL is too long');
  if (isOtherKey(serverUrl)) return failed(CREDENTIALS_NOT_FOUND);
  const lease = readLeaseConfiguration(environment);
  const goesOn = goesOnInOutages(environment);
  try {
    const purser = await client(environment, version);
    const login = await purser.issueCredential(registryOfServerUrl(serverUrl), lease);
    if (login === undefined) return failed(CREDENTIALS_NOT_FOUND);
    return succeeded(JSON.stringify({ ServerURL: serverUrl, Username: login.username, Secret: login.password }));
  } catch (error) {
    if (!(error instanceof UnavailableError && goesOn)) throw error;
    return { ...failed(CREDENTIALS_NOT_FOUND), stderr: line(`${named(error)} (going on without a credential)`) };
  }
}

async function list(purser: PurserClient): Promise<Outcome> {
  const entries = await purser.registries();
  return succeeded(JSON.stringify(Object.fromEntries(entries.map(({ url, username }) => [clientKey(url), username]))));
}

/** Clients identify Docker Hub by the address of its first API. */
function clientKey(url: string): string {
  return url === 'docker.io' ? 'https://index.docker.io/v1/' : url;
}

/** For `docker logout`. Nothing is stored here, so it succeeds at once; stderr says what it does not do. */
function erase(input: string): Outcome {
  if (input.trim() === '') return failed(NO_SERVER_URL);
  const stderr = 'docker-credential-purser: no credential is stored on this machine; the registry stays in Purser\n';
  return { stdout: '', stderr, exitCode: 0 };
}

/** The first line names the registry or the image. Purser checks the rest for the password before it stores it. */
async function report(input: string, environment: Invocation['environment'], version: string): Promise<Outcome> {
  const [first = '', ...rest] = input.trim().split('\n');
  const serverUrl = first.trim();
  if (serverUrl === '') return failed(NO_SERVER_URL);
  if (serverUrl.length > MAX_SERVER_URL) throw new ClientError('the server URL is too long');
  // `docker logout` erases its other keys too.
  if (isOtherKey(serverUrl)) return succeeded('nothing to report: this is no registry');
  const message = printableEnd(rest.join('\n'));
  const purser = await client(environment, version);
  const known = await purser.reportFailure(registryOfServerUrl(serverUrl), readAsker(environment), message);
  return known
    ? succeeded('reported: Purser tries the credential, and tells those who are responsible if it is refused')
    : failed('docker-credential-purser: this pipeline was issued no credential for this registry in the last day');
}

/** Without the colours of terminals and other characters that Purser refuses. */
function printableEnd(text: string): string | undefined {
  const printable = stripVTControlCharacters(text)
    .replaceAll(/[^\P{C}\n\t]/gu, '')
    .trim();
  return printable === '' ? undefined : [...printable].slice(-MAX_MESSAGE).join('').trim();
}

async function client(environment: Invocation['environment'], version: string): Promise<PurserClient> {
  const userAgent = `docker-credential-purser/${version}`;
  return createPurserClient({ ...(await readConnection(environment)), userAgent, timeoutMs: TIMEOUT_MS });
}

function named(error: ClientError): string {
  return `docker-credential-purser: ${withoutTheSentence(error.message)}`;
}

/** Some clients search the whole text for the sentence, and a refusal may quote Purser or the environment. */
function withoutTheSentence(message: string): string {
  return message.replaceAll(/not found in native keychain/gi, 'not found');
}

function succeeded(stdout: string): Outcome {
  return { stdout: line(stdout), exitCode: 0 };
}

function failed(stdout: string): Outcome {
  return { stdout: line(stdout), exitCode: 1 };
}

function line(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
