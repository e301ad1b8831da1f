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

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: `No secret is stored: the service proves who it is with a token that it signs itself, and what \`purser federation export\`
prints is set up at the cloud. All kinds but GITHUB_APP; QUAY and ARTIFACTORY only so. Leave \`username\` and \`password\` out.`,
  })
  readonly federated?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'AMAZON_ECR, AMAZON_ECR_PUBLIC: the ARN of a role to assume first. Required if federated.',
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

  @Field(() => String, {
    nullable: true,
    description: 'AZURE, federated: the id of the application or managed identity. Required there.',
  })
  readonly clientId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'GOOGLE, federated: `//iam.googleapis.com/projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>`. Required there.',
  })
  readonly workloadIdentityProvider?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'GOOGLE, federated: the service account to act as. Left out for direct access.',
  })
  readonly serviceAccountEmail?: string | null;

  @Field(() => String, { nullable: true, description: 'QUAY: `<organization>+<robot>`. Required there.' })
  readonly robot?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'ARTIFACTORY: the name of its OIDC integration. Required there.',
  })
  readonly providerName?: string | null;
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
      ...(mint.federated && { federated: true }),
      ...(mint.clientId != null && { clientId: mint.clientId }),
      ...(mint.workloadIdentityProvider != null && { workloadIdentityProvider: mint.workloadIdentityProvider }),
      ...(mint.serviceAccountEmail != null && { serviceAccountEmail: mint.serviceAccountEmail }),
      ...(mint.robot != null && { robot: mint.robot }),
      ...(mint.providerName != null && { providerName: mint.providerName }),
    }
  );
}
