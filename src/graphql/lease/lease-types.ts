import { Field, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const LeasePurpose = enumType('LeasePurpose', ['PULL', 'PUSH']);

@ObjectType({ simpleResolvers: true })
export class Lease {
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

  @Field(() => LeasePurpose)
  readonly purpose!: keyof typeof LeasePurpose;

  @Field(() => String)
  readonly issuedTo!: string;

  @Field(() => DateTime)
  readonly issuedAt!: string;

  @Field(() => DateTime)
  readonly expiresAt!: string;

  @Field(() => DateTime, { nullable: true })
  readonly releasedAt!: string | null;
}
