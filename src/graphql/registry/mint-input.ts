import { Field, InputType } from 'type-graphql';
import type { MintConfig } from '../../domain/credential.ts';
import { MINT_KINDS, type MintKind } from '../../domain/mint-kinds/table.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const MintKindEnum = enumType<MintKind>(
  'MintKind',
  'The cloud that mints short-lived registry passwords.',
  MINT_KINDS,
);
@InputType({
  description: `The stored username and password are long-lived cloud credentials, and a short-lived registry password is minted from them
when a pipeline asks: ${Object.entries(MINT_KINDS)
    .map(([kind, { takes }]) => `${kind} takes ${takes}`)
    .join(', ')}.`,
})
export class MintInput {
  @Field(() => MintKindEnum, {
    description: 'The cloud that mints the passwords. It must fit the URL of the registry.',
  })
  readonly kind!: MintKind;

  @Field(() => String, {
    nullable: true,
    description: 'AMAZON_ECR, AMAZON_ECR_PUBLIC: the ARN of a role to assume first.',
  })
  readonly roleArn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "With roleArn: the external id that the role's trust policy asks for.",
  })
  readonly externalId?: string | null;

  @Field(() => String, { nullable: true, description: 'AZURE: the id or the domain of the tenant. Required there.' })
  readonly tenantId?: string | null;

  @Field(() => String, { nullable: true, description: 'GITHUB_APP: the number of the installation. Required there.' })
  readonly installationId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'GITHUB_APP on GitHub Enterprise: the base of its API, such as `https://github.example.com/api/v3`. Default: as the host of the registry tells.',
  })
  readonly apiUrl?: string | null;
}

export function mintConfig(mint: MintInput | null | undefined): MintConfig | null | undefined {
  return (
    mint && {
      kind: mint.kind,
      roleArn: mint.roleArn ?? null,
      externalId: mint.externalId ?? null,
      tenantId: mint.tenantId ?? null,
      installationId: mint.installationId ?? null,
      apiUrl: mint.apiUrl ?? null,
    }
  );
}
