import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { CredentialForm, LeasePurpose } from '../../domain/credential.ts';
import { MAX_IMAGE_LENGTH } from '../../domain/image-reference.ts';
import { MaxBytes } from '../pipeline/answer-size.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { WorkloadIdentityObject } from '../trust/workload-identity.ts';

export const LeasePurposeEnum = enumType<LeasePurpose>('LeasePurpose', 'What a pipeline needs the credential for.', {
  PULL: 'To pull images.',
  PUSH: 'To push images. Refused if the registry has `access: PULL`.',
});

export const CredentialFormEnum = enumType<CredentialForm>('CredentialForm', 'What is handed to a pipeline.', {
  PASSWORD: 'The password: it is good for all that the registry lets it do, until it is rotated there.',
  REGISTRY_TOKEN:
    'A bearer token of the registry for one repository and purpose, for minutes. BuildKit takes it from `registrytoken` in config.json, skopeo by its `--registry-token` options; podman, buildah, credential helpers and the kubelet cannot use it.',
});

@ObjectType('Lease', {
  simpleResolvers: true,
  description:
    'The record of a credential that was issued to a pipeline. The end of a lease does not revoke the password: the registry accepts it until it is rotated there.',
})
export class LeaseObject {
  @Field(() => ID, { description: 'Pass it to `releaseLease` as `leaseId`.' })
  readonly id!: string;

  @Field(() => ID, { description: 'The registry whose credential was issued, by its `id`.' })
  readonly registryId!: string;

  @Field(() => String, { description: 'The canonical URL of that registry.' })
  readonly url!: string;

  @MaxBytes(MAX_IMAGE_LENGTH)
  @Field(() => String, {
    description: 'The image, or the URL of the registry, as it was asked for when the lease began.',
  })
  readonly image!: string;

  @Field(() => Int, { description: 'The version of the credential that was issued.' })
  readonly credentialVersion!: number;

  @Field(() => String, { description: 'The name of the pipeline: as it gave it, or as its identity token says.' })
  readonly pipeline!: string;

  @Field(() => String, { nullable: true, description: 'The run of the pipeline, if it named one.' })
  readonly runId!: string | null;

  @Field(() => LeasePurposeEnum, { description: 'What the pipeline needs the credential for.' })
  readonly purpose!: LeasePurpose;

  @Field(() => String, { description: "The subject of the caller's token." })
  readonly issuedTo!: string;

  @Field(() => WorkloadIdentityObject, {
    nullable: true,
    description:
      'The claims that a trust rule was met by, if the caller came with an identity token of CI; null otherwise.',
  })
  readonly identity!: WorkloadIdentityObject | null;

  @Field(() => DateTime, { description: 'When the credential was issued.' })
  readonly issuedAt!: string;

  @Field(() => DateTime, { description: 'When the pipeline is expected to be done with it.' })
  readonly expiresAt!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the pipeline released it, or it was revoked; null until then.',
  })
  readonly releasedAt!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Who ended it by `revokeLeases`, as in the audit log; null otherwise.',
  })
  readonly revokedBy!: string | null;
}
