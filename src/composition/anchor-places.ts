import { type AnchorPlace, isAnchorUrl } from '../adapters/anchors/read-anchor.ts';
import type { Config } from '../config/config.ts';
import { parseUrl } from '../domain/parse-url.ts';

type AnchorConfig = Pick<Config, 'auditAnchorFile' | 'auditAnchorUrl' | 'auditAnchorAuthorization'>;

/** A place that an operator named. The configured authorization is for the configured URL alone. */
export function namedAnchor(place: string, config: AnchorConfig): AnchorPlace {
  const url = isAnchorUrl(place) ? parseUrl(place) : undefined;
  const isConfigured = url !== undefined && url.href === parseUrl(config.auditAnchorUrl?.reveal() ?? '')?.href;
  const name = `The anchor ${place}`;
  return isConfigured ? { place, name, authorization: config.auditAnchorAuthorization } : { place, name };
}

/** The places that the service itself puts heads to. */
export function configuredAnchors({
  auditAnchorFile: file,
  auditAnchorUrl: url,
  auditAnchorAuthorization: authorization,
}: AnchorConfig): AnchorPlace[] {
  return [
    ...(file === undefined ? [] : [{ place: file, name: `The anchor ${file}` }]),
    ...(url === undefined ? [] : [{ place: url.reveal(), name: 'AUDIT_ANCHOR_URL', authorization }]),
  ];
}
