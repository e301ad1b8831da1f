import type { Diagnosis } from '../providers/profile.ts';

/** Of the cloud that mints a registry's passwords: the registry itself was not asked. */
export const MINTING_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'NOT_MINTED',
    cause:
      'The cloud refuses the credential that passwords are minted from: it is wrong, expired, disabled or deleted.',
    fix: 'Enter the right one. Rotate the credential if it is stored.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'NOT_MINTED',
    cause: 'The cloud knows the credential that passwords are minted from, but does not permit this.',
    fix: 'Grant it access to the registry, and the role or the permissions that minting needs.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'UNKNOWN_TO_CLOUD',
    cause: 'The cloud does not know the tenant, the installation or the registry.',
    fix: 'Check what you entered.',
  },
  {
    outcome: 'AUTHENTICATION_FAILED',
    detail: 'TOKEN_REFUSED',
    cause:
      "The cloud does not trust this service's token: issuer, audience and subject must be set up there to the letter.",
    fix: 'Set up what `purser federation export` prints for this registry, and check the names in `mint`. No secret is at fault: none is stored.',
  },
  {
    outcome: 'UNREACHABLE',
    detail: 'ISSUER_UNREACHABLE',
    cause: "The cloud could not read this service's keys.",
    fix: 'Have the operator make WORKLOAD_ISSUER_URL reachable from the internet, by https with a public certificate.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'NO_ISSUER',
    cause: 'This service makes no tokens for clouds any more.',
    fix: 'Have the operator set WORKLOAD_ISSUER_URL again, or rotate to a stored credential.',
  },
  {
    outcome: 'CLOCK_SKEWED',
    cause:
      "This service's clock is {clock} the cloud's, so the cloud refuses what the service signs. That says nothing against the credential.",
    fix: 'Have the operator of this service set its clock, by NTP. The service tries again by itself.',
  },
  {
    outcome: 'RATE_LIMITED',
    detail: 'NOT_MINTED',
    cause: 'The cloud asks for fewer requests.',
    fix: 'Try again in a few minutes.',
  },
  {
    outcome: 'UNREACHABLE',
    detail: 'NOT_MINTED',
    cause: 'The cloud cannot be reached, or reports an error on its side.',
    fix: 'Try again later.',
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    detail: 'NOT_MINTED',
    cause: 'The service may not connect to the cloud.',
    fix: 'Have the operator add its host to EGRESS_ALLOW.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'NOT_MINTED',
    cause: 'The cloud gave an answer that this service does not understand.',
    fix: 'Try again later.',
  },
];
