import { CONNECTION_DIAGNOSES } from './diagnoses/connection.ts';
import type { Diagnosis } from './diagnoses/entry.ts';
import { LOGIN_DIAGNOSES } from './diagnoses/login.ts';
import { MINTING_DIAGNOSES } from './diagnoses/minting.ts';
import { RIGHTS_DIAGNOSES } from './diagnoses/rights.ts';
import type { ProbeDetail, ProbeOutcome } from './probe-outcome.ts';
import { PROVIDER_CATALOGUE } from './provider-catalogue.ts';
import type { RegistryProvider } from './providers/table.ts';

export interface DiagnosedFinding {
  readonly provider: RegistryProvider;
  /** Canonical `host[:port]`. */
  readonly url: string;
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
}

const DIAGNOSES: readonly Diagnosis[] = [
  ...MINTING_DIAGNOSES,
  ...LOGIN_DIAGNOSES,
  ...RIGHTS_DIAGNOSES,
  ...CONNECTION_DIAGNOSES,
];

/** What is wrong and what to do about it, in a sentence or more; null where nothing is. */
export function diagnose(finding: DiagnosedFinding): string | null {
  const diagnosis = DIAGNOSES.find((candidate) => fits(candidate, finding));
  return diagnosis === undefined ? null : `${diagnosis.cause} ${diagnosis.fix}`;
}

function fits(diagnosis: Diagnosis, { provider, url, outcome, detail }: DiagnosedFinding): boolean {
  return (
    diagnosis.outcome === outcome &&
    (diagnosis.detail === undefined || diagnosis.detail === detail) &&
    (diagnosis.providers?.includes(provider) ?? true) &&
    (diagnosis.host?.test(url) ?? true)
  );
}

/** Everything that `diagnose` can say, as a Markdown table. */
export function troubleshootingTable(): string {
  const rows = DIAGNOSES.map((diagnosis) => [
    `\`${diagnosis.outcome}\``,
    registriesOf(diagnosis),
    diagnosis.cause,
    diagnosis.fix,
  ]);
  const header = ['Outcome', 'Registry', 'What is wrong', 'What to do'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(asCell).join(' | ')} |\n`).join('');
}

function registriesOf({ providers }: Diagnosis): string {
  if (providers === undefined) return 'any';
  const names = PROVIDER_CATALOGUE.filter(({ provider }) => providers.includes(provider)).map(({ name }) => name);
  return names.join(', ');
}

function asCell(text: string): string {
  // Outside of code, a placeholder such as <n> would be taken for HTML.
  return text.replace(/`[^`]*`|[|<]/g, (found) => (found.length > 1 ? found : `\\${found}`));
}
