/** The regular expression of Amazon's own credential helper, for lower-case hosts. */
export const ECR_HOST =
  /^(?<account>\d{12})\.dkr[.-]ecr(?<fips>-fips)?\.(?<region>[a-z0-9][a-z0-9_-]*)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|(?<dualStack>on\.(?:aws|amazonwebservices\.com\.cn))|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

/** What the host name of a private Amazon ECR registry says. */
export interface EcrHost {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** Only endpoints with FIPS 140 validation may be used. */
  readonly fips: boolean;
  /** Reached by IPv4 and IPv6. */
  readonly dualStack: boolean;
}

/** Undefined if the canonical `host[:port]` is not a private Amazon ECR registry. */
export function ecrHost(url: string): EcrHost | undefined {
  const { account, region, fips, dualStack } = ECR_HOST.exec(url)?.groups ?? {};
  if (account === undefined || region === undefined) return undefined;
  return { account, region, fips: fips !== undefined, dualStack: dualStack !== undefined };
}
