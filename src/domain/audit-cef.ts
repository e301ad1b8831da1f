import { isIPv4, isIPv6 } from 'node:net';
import type { AuditOutcome } from './audit-entry.ts';
import type { ChainedEntry, ExportWriter } from './audit-export.ts';

const SEVERITIES: Readonly<Record<AuditOutcome, number>> = { SUCCEEDED: 3, FAILED: 5, DENIED: 7 };
const NOTHING = () => '';

/** ArcSight's Common Event Format, version 0: one line an entry, entries only, so it cannot be verified by itself. */
export function cef({ project, version }: { readonly project: string; readonly version: string }): ExportWriter {
  return {
    beginsBefore: false,
    header: NOTHING,
    key: NOTHING,
    entry: (entry) => `${cefLine(entry, project, version)}\n`,
    head: NOTHING,
    end: NOTHING,
  };
}

function cefLine(entry: ChainedEntry, project: string, version: string): string {
  const { action, outcome, ipAddress } = entry;
  const name = action.toLowerCase().replaceAll('_', ' ');
  const head = ['CEF:0', 'Purser', 'Purser', version, action, name, String(SEVERITIES[outcome])]
    .map(inHeader)
    .join('|');
  const fields: readonly (readonly [key: string, value: string | number | null])[] = [
    ['rt', Date.parse(entry.occurredAt)],
    ['externalId', entry.eventId],
    ['act', action],
    ['outcome', outcome],
    ['reason', entry.code],
    ['suser', entry.actor],
    ['src', ipAddress !== null && isIPv4(ipAddress) ? ipAddress : null],
    ...labelled('c6a2', 'Source IPv6 Address', ipAddress !== null && isIPv6(ipAddress) ? ipAddress : null),
    ['requestClientApplication', entry.userAgent],
    ['request', entry.url],
    ['cnt', entry.count],
    ['end', entry.until === null ? null : Date.parse(entry.until)],
    ...labelled('cn1', 'sequence', entry.sequence),
    ...labelled('cn2', 'durationMs', entry.durationMs),
    ...labelled('cs1', 'project', project),
    ...labelled('cs2', 'hash', entry.hash),
    ...labelled('cs3', 'pipeline', entry.pipeline),
    ...labelled('cs4', 'registryId', entry.registryId),
    ...labelled('cs5', 'leaseId', entry.leaseId),
    ...labelled('cs6', 'changes', entry.changes.length === 0 ? null : JSON.stringify(entry.changes)),
    ...labelled('flexString1', 'runId', entry.runId),
    ...labelled('flexString2', 'image', entry.image),
    ['PurserField', entry.field],
    ['PurserIssuer', entry.issuer],
    ['PurserTokenId', entry.tokenId],
    ['PurserRequestId', entry.requestId],
    ['PurserIdentity', entry.identity && JSON.stringify(entry.identity)],
  ];
  const extension = fields.flatMap(([key, value]) => (value === null ? [] : [`${key}=${inExtension(String(value))}`]));
  return `${head}|${extension.join(' ')}`;
}

function labelled(key: string, label: string, value: string | number | null): (readonly [string, string | number])[] {
  return value === null
    ? []
    : [
        [`${key}Label`, label],
        [key, value],
      ];
}

/** In the header, `|` ends a field; line breaks are not allowed. */
function inHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ');
}

/** In the extension, `=` ends a key; line breaks are written as `\n` and `\r`. */
function inExtension(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
