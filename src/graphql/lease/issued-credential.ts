import { Field, FieldResolver, ObjectType, Resolver, Root } from 'type-graphql';
import { MAX_CREDENTIALS } from '../../application/lease/issue-credentials.ts';
import type { CredentialForm, ExpirySource } from '../../domain/credential.ts';
import { MAX_SECRET_BYTES } from '../../domain/entered-credential.ts';
import type { Secret } from '../../domain/secret.ts';
import { MAX_CERTIFICATES_BYTES } from '../../domain/text-rules.ts';
import { MaxBytes, MaxItems } from '../pipeline/answer-size.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ExpirySourceEnum } from '../registry/registry-enums.ts';
import { CredentialFormEnum, LeaseObject } from './lease-types.ts';

@ObjectType('IssuedCredential', {
  simpleResolvers: true,
  description: 'The login that was issued to a pipeline. Only `issueCredential` and `issueCredentials` return it.',
})
export class IssuedCredentialObject {
  @Field(() => LeaseObject, { description: 'The record that this credential was issued.' })
  readonly lease!: LeaseObject;

  @Field(() => String, {
    description:
      'The key under which clients look up the image as it was written: `https://index.docker.io/v1/` for `alpine`, `reg.example.com:443` for `reg.example.com:443/a/b`.',
  })
  readonly serverAddress!: string;

  @Field(() => String, { description: 'The user name to log in with. A registry token is sent without it.' })
  readonly username!: string;

  readonly password!: Secret;

  @Field(() => CredentialFormEnum, {
    description: 'What `password` is. Under a trust rule it can be a registry token although a password was asked for.',
  })
  readonly form!: CredentialForm;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the password, or the registry token, itself stops working; null if unknown.',
  })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySourceEnum, {
    nullable: true,
    description:
      'Where `expiresAt` comes from: MINTED if the password was minted for pipelines, otherwise as in `Credential`.',
  })
  readonly expirySource!: ExpirySource | null;

  @MaxBytes(MAX_CERTIFICATES_BYTES)
  @Field(() => String, {
    nullable: true,
    description: 'PEM, if the registry is behind a private certificate authority: clients must trust it too.',
  })
  readonly caCertificate!: string | null;

  readonly dockerConfigJson!: Secret;
}

@Resolver(() => IssuedCredentialObject)
export class IssuedCredentialResolver {
  @MaxBytes(MAX_SECRET_BYTES)
  @FieldResolver(() => String, {
    description: 'The password or token to log in with; the registry token if `form` says so.',
  })
  password(@Root() issued: IssuedCredentialObject): string {
    return issued.password.reveal();
  }

  // In base64.
  @MaxBytes(2 * MAX_SECRET_BYTES)
  @FieldResolver(() => String, {
    description:
      'Ready to write to ~/.docker/config.json. A user name of `<token>` becomes `identitytoken`, and a registry token `registrytoken`.',
  })
  dockerConfigJson(@Root() issued: IssuedCredentialObject): string {
    return issued.dockerConfigJson.reveal();
  }
}

@ObjectType('IssuedCredentials', {
  description: 'The logins for several registries that one pipeline needs: all of them, or none.',
})
export class IssuedCredentialsObject {
  @MaxItems(MAX_CREDENTIALS)
  @Field(() => [IssuedCredentialObject], { simple: true, description: 'In the order of the request, a lease each.' })
  readonly credentials!: readonly IssuedCredentialObject[];

  readonly dockerConfigJson!: Secret;
}

@Resolver(() => IssuedCredentialsObject)
export class IssuedCredentialsResolver {
  @MaxBytes(MAX_CREDENTIALS * 2 * MAX_SECRET_BYTES)
  @FieldResolver(() => String, { description: 'One file for all of them, ready to write to ~/.docker/config.json.' })
  dockerConfigJson(@Root() issued: IssuedCredentialsObject): string {
    return issued.dockerConfigJson.reveal();
  }
}
