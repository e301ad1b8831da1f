import { Field, InputType, Int } from 'type-graphql';
import type { CreateRegistryCommand } from '../../application/registry/create-registry.ts';
import type { DeleteRegistryCommand } from '../../application/registry/delete-registry.ts';
import type { RotateCredentialCommand } from '../../application/registry/rotate-credential.ts';
import type { TestCredentialsCommand } from '../../application/registry/test-credentials.ts';
import type { UpdateRegistryCommand } from '../../application/registry/update-registry.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { DECLARABLE_PROVIDERS } from '../../domain/providers.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { Secret } from '../../domain/secret.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { MintInput, mintConfig } from './mint-input.ts';
import { RegistryAccessEnum, RegistryProviderEnum } from './registry-enums.ts';

export const IDEMPOTENCY_KEY =
  '1 to 255 visible characters of your choice. A request that is repeated with the same key is carried out once and gets the same answer.';
export const EXPECTED_REVISION =
  "The registry's `revision` that you saw. REVISION_CONFLICT if it has changed since. Omit it to skip the check.";

const AUTH_REALM_HOST =
  "The host, with its port if it has one, of the registry's token server, if that is another one, such as `gitlab.example.com`. A test names it. By entering it you confirm that the password may be sent there, over https.";

export const WhenInUseEnum = enumType<RotateCredentialCommand['whenInUse']>(
  'WhenInUse',
  'What a rotation does if pipelines hold active leases.',
  { PROCEED: 'Rotate anyway.', REFUSE: 'Change nothing and answer REGISTRY_IN_USE.' },
);

@InputType({
  description:
    'A new registry and its credential. BAD_USER_INPUT names the invalid field; REGISTRY_ALREADY_EXISTS if the project has this URL.',
})
export class CreateRegistryInput {
  @Field(() => String, { description: 'The host, with its port if it has one, in any spelling that clients accept.' })
  readonly url!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The user name to log in with, or of the cloud with `mint`. BAD_USER_INPUT if it is left out, except with `mint.federated`.',
  })
  readonly username?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The password or token, or the cloud's secret with `mint`. BAD_USER_INPUT if it is left out, except with `mint.federated`. It is stored encrypted; no field of this API returns it.",
  })
  readonly password?: string | null;

  @Field(() => MintInput, {
    nullable: true,
    description: 'Mints a short-lived password for every pipeline. Omit it to issue the password itself.',
  })
  readonly mint?: MintInput | null;

  @Field(() => String, { nullable: true, description: 'Defaults to the canonical URL.' })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'A note for people, of at most 2000 characters.' })
  readonly description?: string | null;

  @Field(() => String, { nullable: true, description: 'Who to write to about this registry.' })
  readonly email?: string | null;

  @Field(() => RegistryAccessEnum, { nullable: true, description: 'Defaults to PULL_AND_PUSH.' })
  readonly access?: RegistryAccess | null;

  @Field(() => RegistryProviderEnum, {
    nullable: true,
    description: `Only if the URL does not show it: ${DECLARABLE_PROVIDERS.join(', ')} on your own hosts.`,
  })
  readonly provider?: RegistryProvider | null;

  @Field(() => String, {
    nullable: true,
    description: 'PEM, if the registry is behind a private certificate authority: at most 16 KiB.',
  })
  readonly caCertificate?: string | null;

  @Field(() => String, { nullable: true, description: AUTH_REALM_HOST })
  readonly authRealmHost?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the password expires. If the password itself contains an earlier date, that date counts.',
  })
  readonly expiresAt?: string | null;

  @Field(() => Int, { nullable: true, description: 'How often to rotate the credential, in days: 1 to 3650.' })
  readonly rotateEveryDays?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Test against the registry first; store nothing if the login fails.',
  })
  readonly verify?: boolean | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType({
  description:
    'The URL cannot change: to use another, delete the registry and create it again. Omitted fields stay as they are; a blank password keeps the stored one.',
})
export class UpdateRegistryInput {
  @Field(() => String, { nullable: true, description: 'Null resets it to the canonical URL.' })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'A note for people, of at most 2000 characters.' })
  readonly description?: string | null;

  @Field(() => String, { nullable: true, description: 'Who to write to about this registry.' })
  readonly email?: string | null;

  @Field(() => String, { nullable: true, description: 'The user name to log in with. It cannot be cleared.' })
  readonly username?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A new password creates a new version and destroys the old one at once.',
  })
  readonly password?: string | null;

  @Field(() => RegistryAccessEnum, { nullable: true, description: 'Null resets it to PULL_AND_PUSH.' })
  readonly access?: RegistryAccess | null;

  @Field(() => String, {
    nullable: true,
    description: 'PEM, if the registry is behind a private certificate authority: at most 16 KiB.',
  })
  readonly caCertificate?: string | null;

  @Field(() => String, { nullable: true, description: AUTH_REALM_HOST })
  readonly authRealmHost?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When the password expires.' })
  readonly expiresAt?: string | null;

  @Field(() => Int, { nullable: true, description: 'How often to rotate the credential, in days: 1 to 3650.' })
  readonly rotateEveryDays?: number | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  readonly expectedRevision?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Test against the registry first; change nothing if the login fails.',
  })
  readonly verify?: boolean | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

/** What every new version of a credential takes. */
@InputType()
export abstract class NewCredentialInput {
  @Field(() => String, {
    nullable: true,
    description:
      "The new password or token; if passwords are minted, the cloud's secret. BAD_USER_INPUT if it is left out: the stored one is not used again.",
  })
  readonly password?: string | null;

  @Field(() => String, { nullable: true, description: 'Omit it to keep the user name.' })
  readonly username?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the new password expires. If the password itself contains an earlier date, that date counts.',
  })
  readonly expiresAt?: string | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  readonly expectedRevision?: number | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType({ description: 'The credential that replaces the current one.' })
export class RotateCredentialInput extends NewCredentialInput {
  @Field(() => MintInput, {
    nullable: true,
    description: 'Omit it to keep the setting. Null: the password itself is issued from now on.',
  })
  readonly mint?: MintInput | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Test against the registry first; change nothing if the login fails.',
  })
  readonly verify?: boolean | null;

  @Field(() => WhenInUseEnum, {
    nullable: true,
    defaultValue: 'PROCEED',
    description: 'REFUSE answers REGISTRY_IN_USE if leases are active.',
  })
  readonly whenInUse?: RotateCredentialCommand['whenInUse'] | null;
}

@InputType({ description: 'How to delete a registry.' })
export class DeleteRegistryInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Delete even if leases are active. The audit log shows that it was forced.',
  })
  readonly force?: boolean | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  readonly expectedRevision?: number | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@InputType({ description: 'A credential to test without storing it.' })
export class TestCredentialsInput {
  @Field(() => String, { description: 'The host, with its port if it has one, in any spelling that clients accept.' })
  readonly url!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The user name to log in with, or of the cloud with `mint`. BAD_USER_INPUT if it is left out, except with `mint.federated`.',
  })
  readonly username?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The password or token, or the cloud's secret with `mint`. BAD_USER_INPUT if it is left out, except with `mint.federated`.",
  })
  readonly password?: string | null;

  @Field(() => MintInput, {
    nullable: true,
    description: 'Mints one short-lived password from these and tests that. It is kept nowhere.',
  })
  readonly mint?: MintInput | null;

  @Field(() => RegistryAccessEnum, {
    nullable: true,
    description:
      'What it is meant for: with PULL, a refused push is no fault, and `mint` asks for no more. Defaults to PULL_AND_PUSH.',
  })
  readonly access?: RegistryAccess | null;

  @Field(() => RegistryProviderEnum, { nullable: true, description: 'Only if the URL does not show it.' })
  readonly provider?: RegistryProvider | null;

  @Field(() => String, {
    nullable: true,
    description: 'PEM, if the registry is behind a private certificate authority: at most 16 KiB.',
  })
  readonly caCertificate?: string | null;

  @Field(() => String, { nullable: true, description: AUTH_REALM_HOST })
  readonly authRealmHost?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where to test pulling and pushing, such as `team/app`. Omit it to test only the login.',
  })
  readonly repository?: string | null;
}

export function enteredSecret(entered: string | null | undefined): Secret | null | undefined {
  return typeof entered === 'string' ? new Secret(entered) : entered;
}

export function testCredentialsCommand(input: TestCredentialsInput): TestCredentialsCommand {
  const { url, username, access, provider, caCertificate, authRealmHost, repository } = input;
  const entered = { password: enteredSecret(input.password), mint: mintConfig(input.mint) };
  return { url, username, ...entered, access, provider, caCertificate, authRealmHost, repository };
}

export function createRegistryCommand(input: CreateRegistryInput): CreateRegistryCommand {
  return {
    url: input.url,
    username: input.username,
    password: enteredSecret(input.password),
    mint: mintConfig(input.mint),
    name: input.name,
    description: input.description,
    email: input.email,
    access: input.access,
    provider: input.provider,
    caCertificate: input.caCertificate,
    authRealmHost: input.authRealmHost,
    expiresAt: input.expiresAt,
    rotateEveryDays: input.rotateEveryDays,
    verify: input.verify ?? false,
    idempotencyKey: input.idempotencyKey,
  };
}

export function updateRegistryCommand(input: UpdateRegistryInput): UpdateRegistryCommand {
  return {
    name: input.name,
    description: input.description,
    email: input.email,
    username: input.username,
    password: enteredSecret(input.password),
    access: input.access,
    caCertificate: input.caCertificate,
    authRealmHost: input.authRealmHost,
    expiresAt: input.expiresAt,
    rotateEveryDays: input.rotateEveryDays,
    expectedRevision: input.expectedRevision,
    verify: input.verify ?? false,
    idempotencyKey: input.idempotencyKey,
  };
}

export function rotateCredentialCommand(input: RotateCredentialInput): RotateCredentialCommand {
  return {
    password: enteredSecret(input.password),
    username: input.username,
    mint: mintConfig(input.mint),
    expiresAt: input.expiresAt,
    verify: input.verify ?? false,
    whenInUse: input.whenInUse ?? 'PROCEED',
    expectedRevision: input.expectedRevision,
    idempotencyKey: input.idempotencyKey,
  };
}

export function deleteRegistryCommand(input: DeleteRegistryInput | null | undefined): DeleteRegistryCommand {
  return {
    force: input?.force ?? false,
    expectedRevision: input?.expectedRevision,
    idempotencyKey: input?.idempotencyKey,
  };
}
