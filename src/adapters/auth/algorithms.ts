/**
 * The signature algorithms (RFC 7518, 8037, 9864) that an issuer may use: asymmetric ones only. `none` and the HMAC
 * family are not in the list, so no configuration can allow them.
 */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];
