import type { Diagnosis } from '../providers/profile.ts';

export const CONNECTION_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'NOT_A_REGISTRY',
    detail: 'REDIRECTED',
    cause: 'The host sends clients to another address, where no credential was sent.',
    fix: 'Enter the host that your image references begin with.',
  },
  {
    outcome: 'NOT_A_REGISTRY',
    cause: 'The server at this address is not a container registry.',
    fix: 'Enter the host (and the port, if it needs one) that image references begin with. A web site often has a different host from its registry.',
  },
  {
    outcome: 'UNREACHABLE',
    cause: 'Nothing answers at this address.',
    fix: "Check the host and port for typing errors. If they are right, the registry is down or slow, or a firewall blocks this service's network.",
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    detail: 'PLAIN_HTTP',
    cause: 'The registry, or the server that makes its tokens, uses plain http, which this service does not allow.',
    fix: 'Have HTTPS set up there, or have the operator of this service add the host to PLAIN_HTTP_HOSTS.',
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    cause:
      'The address is on a private network. This service connects to private networks only if its operator allows it.',
    fix: 'If the registry is yours, have the operator of this service add its host or network to EGRESS_ALLOW.',
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    cause:
      'The registry sends logins to a token server on a host that is not known to belong to it. No credential was sent.',
    fix: 'Check the URL. If the token server is yours, have the operator of this service add its host to TRUSTED_REALMS. It must use https.',
  },
  {
    outcome: 'RATE_LIMITED',
    cause: 'The registry accepts no more requests from this service for now.',
    fix: 'Wait a few minutes before the next test.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'SERVER_ERROR',
    cause: 'The registry itself failed.',
    fix: "Try again later. If it keeps failing, ask the registry's operator. The test says nothing against the credential.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'UNKNOWN_SCHEME',
    cause: 'The host asks for a kind of login that container clients do not support.',
    fix: "Check the URL. A proxy or a single sign-on may stand in front of the registry; its operator must let the registry's own login through.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    cause:
      'The registry gave an answer that the protocol does not define, so the test says nothing about the credential.',
    fix: 'Check that the URL points to the registry itself and that the declared `provider` is right. A proxy may also be answering in its place.',
  },
];
