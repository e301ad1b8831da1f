import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { LeasePurpose } from '../../domain/credential.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const LeasePurposeEnum = enumType<LeasePurpose>('LeasePurpose', 'What a pipeline needs the credential for.', {
  PULL: 'To pull images.',
  PUSH: 'To push images. Refused if the registry has `access: PULL`.',
});

@ObjectType('Lease', { simpleResolvers: true })
export class LeaseObject {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => ID)
  readonly registryId!: string;

  @Field(() => Int)
  readonly credentialVersion!: number;

  @Field(() => String)
  readonly pipeline!: string;

  @Field(() => String, { nullable: true })
  readonly runId!: string | null;

  @Field(() => LeasePurposeEnum)
  readonly purpose!: LeasePurpose;

  @Field(() => String)
  readonly issuedTo!: string;

  @Field(() => DateTime)
  readonly issuedAt!: string;

  @Field(() => DateTime)
  readonly expiresAt!: string;

  @Field(() => DateTime, { nullable: true })
  readonly releasedAt!: string | null;
}
