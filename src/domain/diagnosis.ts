import { CONNECTION_DIAGNOSES } from './diagnoses/connection.ts';
import { LOGIN_DIAGNOSES } from './diagnoses/login.ts';
import { MINTING_DIAGNOSES } from './diagnoses/minting.ts';
import { RIGHTS_DIAGNOSES } from './diagnoses/rights.ts';
import { TLS_DIAGNOSES } from './diagnoses/tls.ts';
import { markdownTable } from './markdown-table.ts';
import { PROBE_OUTCOMES, type ProbeDetail, type ProbeFacts, type ProbeOutcome } from './probe-outcome.ts';
import type { Diagnosis } from './providers/profile.ts';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from './providers/table.ts';

export interface DiagnosedFinding {
  readonly provider: RegistryProvider;
  /** Canonical `host[:port]`. */
  readonly url: string;
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
  readonly facts?: ProbeFacts | undefined;
}

interface Candidate extends Diagnosis {
  /** Undefined: any. */
  readonly providers: readonly RegistryProvider[] | undefined;
}

/** The first one that fits is used. */
const CANDIDATES: readonly Candidate[] = [...ofAnyProvider(), ...ofProviders()].sort(byOutcomeAndPrecision);

function ofAnyProvider(): Candidate[] {
  const diagnoses = [MINTING_DIAGNOSES, LOGIN_DIAGNOSES, RIGHTS_DIAGNOSES, CONNECTION_DIAGNOSES, TLS_DIAGNOSES];
  return diagnoses.flat().map((diagnosis) => ({ ...diagnosis, providers: undefined }));
}

/** One for each diagnosis, even if several profiles share it. */
function ofProviders(): Candidate[] {
  const providers = new Map<Diagnosis, RegistryProvider[]>();
  for (const [provider, { diagnoses }] of PROVIDER_ENTRIES) {
    for (const diagnosis of diagnoses) providers.set(diagnosis, [...(providers.get(diagnosis) ?? []), provider]);
  }
  return [...providers].map(([diagnosis, of]) => ({
    ...diagnosis,
    providers: diagnosis.host === undefined ? of : undefined,
  }));
}

/** The more specific one comes first: by host, then by detail, then by provider. */
function byOutcomeAndPrecision(a: Candidate, b: Candidate): number {
  const precision = ({ host, detail, providers }: Candidate) => (host ? 4 : 0) + (detail ? 2 : 0) + (providers ? 1 : 0);
  return PROBE_OUTCOMES.indexOf(a.outcome) - PROBE_OUTCOMES.indexOf(b.outcome) || precision(b) - precision(a);
}

/** What is wrong and what to do about it, in a sentence or more; null if nothing is wrong. */
export function diagnose(finding: DiagnosedFinding): string | null {
  const diagnosis = CANDIDATES.find((candidate) => fits(candidate, finding));
  return diagnosis === undefined ? null : told(`${diagnosis.cause} ${diagnosis.fix}`, finding.facts ?? {});
}

/** Puts the facts into the places that a sentence has for them. */
function told(sentence: string, facts: ProbeFacts): string {
  const words: Readonly<Record<string, string>> = {
    realmHost: facts.realmHost ?? 'another host',
    clock: clockInWords(facts.clockAheadSeconds ?? 0),
  };
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? '');
}

/** The beginning of "… the cloud's". Answers tell the time to the second, and take some of them. */
function clockInWords(aheadSeconds: number): string {
  const seconds = Math.abs(aheadSeconds);
  if (seconds < 30) return 'different from';
  const [amount, unit] =
    seconds < 5400 ? [Math.max(1, Math.round(seconds / 60)), 'minute'] : [Math.round(seconds / 3600), 'hour'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'} ${aheadSeconds > 0 ? 'ahead of' : 'behind'}`;
}

function fits(diagnosis: Candidate, { provider, url, outcome, detail }: DiagnosedFinding): boolean {
  return (
    diagnosis.outcome === outcome &&
    (diagnosis.detail === undefined || diagnosis.detail === detail) &&
    (diagnosis.providers?.includes(provider) ?? true) &&
    (diagnosis.host?.test(url) ?? true)
  );
}

/** Everything that `diagnose` can say, as a Markdown table. */
export function troubleshootingTable(): string {
  const rows = CANDIDATES.map((diagnosis) => [
    `\`${diagnosis.outcome}\``,
    registriesOf(diagnosis),
    told(diagnosis.cause, {}),
    told(diagnosis.fix, {}),
  ]);
  return markdownTable(['Outcome', 'Registry', 'What is wrong', 'What to do'], rows);
}

function registriesOf({ providers }: Candidate): string {
  if (providers === undefined) return 'any';
  return providers.flatMap((provider) => PROVIDERS[provider].registries.map(({ name }) => name)).join(', ');
}
