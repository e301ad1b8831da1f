import type { Diagnosis } from '../providers/profile.ts';

export const TLS_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'TLS_INVALID',
    detail: 'UNKNOWN_AUTHORITY',
    cause: "The registry's certificate is signed by an authority that is not publicly known.",
    fix: "Enter the authority's certificate in `caCertificate`, as PEM, or have the registry send its intermediate certificates. If `caCertificate` is set already, it is for another authority.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'CERTIFICATE_EXPIRED',
    cause: "The registry's certificate, or that of an authority above it, has expired or is not valid yet.",
    fix: "Have the registry's operator renew it.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'WRONG_HOST',
    cause: "The registry's certificate is for another host.",
    fix: 'Enter the host that the certificate names, or have the registry use one for this host.',
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NO_SUBJECT_ALT_NAME',
    cause:
      "The registry's certificate has no subjectAltName: it names its host in the subject alone, which container clients refuse.",
    fix: "Have the registry's operator issue a certificate whose subjectAltName has the host (or the IP address, if image references begin with one).",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NAME_NOT_PERMITTED',
    cause: "An authority above the registry's certificate may not sign for this host (name constraints).",
    fix: "Have the registry's operator use a certificate of an authority that may.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'WRONG_USE',
    cause: "The registry's certificate, or that of an authority above it, is not for servers (extendedKeyUsage).",
    fix: "Have the registry's operator issue a certificate with the extended key usage serverAuth.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NOT_AN_AUTHORITY',
    cause:
      "A certificate above the registry's own is not an authority's: it lacks `CA:TRUE` in basicConstraints or keyCertSign in keyUsage, or the chain is longer than it allows.",
    fix: "Have the authority's certificate made anew with these extensions, and enter it in `caCertificate` if it is a private one.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'WEAK_SIGNATURE',
    cause:
      "The registry's certificate, or that of an authority above it, is signed with an algorithm that container clients refuse, such as SHA-1.",
    fix: "Have the registry's operator issue it anew with SHA-256.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'UNSUITABLE_KEY',
    cause:
      "The key in the registry's certificate, or in that of an authority above it, is one that container clients refuse: RSA of less than 1024 or more than 8192 bits, or a kind that they do not know.",
    fix: "Have the registry's operator issue a certificate for an RSA key of 2048 to 4096 bits or an ECDSA key on P-256.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'CLIENT_CERTIFICATE_DEMANDED',
    cause: 'This registry demands a client certificate, which Purser cannot present.',
    fix: "Have the registry's operator let this service in without one, for example by another port or by its network.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'OLD_VERSION',
    cause: 'The registry offers only versions of TLS before 1.2, which container clients refuse.',
    fix: "Have the registry's operator enable TLS 1.2 or 1.3.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NO_COMMON_CIPHER',
    cause: 'The registry offers none of the cipher suites that container clients use.',
    fix: "Have the registry's operator enable TLS 1.3, or cipher suites with ECDHE, and use an RSA or ECDSA certificate.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NOT_TLS',
    cause: 'That port does not serve HTTPS.',
    fix: 'Enter the port that serves HTTPS. If the registry has none, the operator of this service can allow plain http for it with PLAIN_HTTP_HOSTS.',
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'OWN_AUTHORITY_UNREADABLE',
    cause: 'The certificate in `caCertificate` cannot be read.',
    fix: 'Export it again as PEM: blocks from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`.',
  },
  {
    outcome: 'TLS_INVALID',
    cause: 'No secure connection could be made.',
    fix: "Have the registry's operator check its certificate and that it offers TLS 1.2 or 1.3.",
  },
];
