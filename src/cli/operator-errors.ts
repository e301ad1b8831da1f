import { DevelopmentIssuerError } from '../adapters/auth/development-issuer.ts';
import { IssuerConfigurationError } from '../adapters/auth/issuers.ts';
import { EgressAllowError } from '../adapters/egress/allow-list.ts';
import { DataDirInUse } from '../adapters/postgres/embedded/take-over.ts';
import { SchemaMismatch } from '../adapters/postgres/migrate.ts';
import { KeyRingError } from '../adapters/vault/key-file.ts';
import { ConfigurationError } from '../config.ts';

/** Errors whose message says what to do: whoever starts the service gets the sentence, without a stack. */
const FOR_OPERATORS = [
  ConfigurationError,
  DataDirInUse,
  DevelopmentIssuerError,
  EgressAllowError,
  IssuerConfigurationError,
  KeyRingError,
  SchemaMismatch,
];

export function isMeantForOperator(error: unknown): error is Error {
  return FOR_OPERATORS.some((kind) => error instanceof kind);
}
