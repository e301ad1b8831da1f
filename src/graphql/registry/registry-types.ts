import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { MintConfig } from '../../domain/credential.ts';
import type { MintKind } from '../../domain/mint-kinds/table.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import type { RegistryPart, RegistryView } from '../../domain/registry-view.ts';
import { MAX_CERTIFICATES_BYTES } from '../../domain/text-rules.ts';
import { MaxBytes } from '../pipeline/answer-size.ts';
import { MadeOf, MadeOfItsFields } from '../pipeline/asked-parts.ts';
import type { Queries } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { CredentialObject, toGraphqlCredential } from './credential-types.ts';
import { MintKindEnum } from './mint-input.ts';
import { RegistryAccessEnum, RegistryProviderEnum } from './registry-enums.ts';
import { RegistryHealthObject, toGraphqlHealth } from './registry-health.ts';
import { type LoadUsage, usageOfList } from './registry-usage.ts';

@ObjectType('MintSettings', {
  simpleResolvers: true,
  description: 'How short-lived passwords are minted. It contains no secrets.',
})
export class MintSettingsObject {
  @Field(() => MintKindEnum, { description: 'The cloud that mints the passwords.' })
  readonly kind!: MintKind;

  @Field(() => String, {
    nullable: true,
    description: 'AMAZON_ECR, AMAZON_ECR_PUBLIC: the ARN of the role to assume first.',
  })
  readonly roleArn!: string | null;

  @Field(() => String, { nullable: true, description: 'The external id with which the role is assumed.' })
  readonly externalId!: string | null;

  @Field(() => String, { nullable: true, description: 'AZURE: the id or the domain of the tenant.' })
  readonly tenantId!: string | null;

  @Field(() => String, { nullable: true, description: 'GITHUB_APP: the number of the installation.' })
  readonly installationId!: string | null;

  @Field(() => String, { nullable: true, description: 'GITHUB_APP: the base of the API, if it was entered.' })
  readonly apiUrl!: string | null;

  @Field(() => Boolean, {
    description: 'No secret is stored: the service proves who it is with a token that it signs itself.',
  })
  readonly federated!: boolean;

  @Field(() => String, { nullable: true, description: 'AZURE, federated: the application or managed identity.' })
  readonly clientId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'GOOGLE, federated: the provider of the workload identity pool.',
  })
  readonly workloadIdentityProvider!: string | null;

  @Field(() => String, { nullable: true, description: 'GOOGLE, federated: the service account to act as.' })
  readonly serviceAccountEmail!: string | null;

  @Field(() => String, { nullable: true, description: 'QUAY: the robot.' })
  readonly robot!: string | null;

  @Field(() => String, { nullable: true, description: 'ARTIFACTORY: the name of its OIDC integration.' })
  readonly providerName!: string | null;
}

@ObjectType('Registry', {
  simpleResolvers: true,
  description:
    'A container registry with its credential. It belongs to one project: two projects that use the same registry have one entry each.',
})
export class RegistryObject {
  @MadeOf()
  @Field(() => ID, {
    description: 'UUIDv5 of project and canonical URL: the URL identifies a registry within its project.',
  })
  readonly id!: string;

  @Field(() => ID, { description: 'The project that it belongs to.' })
  readonly projectId!: string;

  @Field(() => String, { description: 'Canonical host[:port], such as `docker.io`. Never changes.' })
  readonly url!: string;

  @Field(() => String, { description: 'The URL as a person typed it.' })
  readonly enteredUrl!: string;

  @Field(() => String, { description: 'The name that people see. The canonical URL, if no other was entered.' })
  readonly name!: string;

  // 2,000 characters.
  @MaxBytes(4_000)
  @Field(() => String, { nullable: true, description: 'A note for people.' })
  readonly description!: string | null;

  @Field(() => String, { nullable: true, description: 'Who to write to about this registry.' })
  readonly email!: string | null;

  @Field(() => RegistryProviderEnum, { description: 'Who runs the registry, or which software it is.' })
  readonly provider!: RegistryProvider;

  @Field(() => String, { description: 'The user name to log in with.' })
  readonly username!: string;

  @Field(() => RegistryAccessEnum, { description: 'What the credential is meant for.' })
  readonly access!: RegistryAccess;

  @MaxBytes(MAX_CERTIFICATES_BYTES)
  @Field(() => String, { nullable: true, description: 'PEM, for a registry behind a private certificate authority.' })
  readonly caCertificate!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The token server that a writer has confirmed, as `host[:port]`: the password is sent there as well.',
  })
  readonly authRealmHost!: string | null;

  @MadeOfItsFields()
  @Field(() => CredentialObject, { description: 'The current version of its credential.' })
  readonly credential!: CredentialObject;

  @Field(() => MintSettingsObject, {
    nullable: true,
    description: 'How passwords for pipelines are minted; null if the stored password itself is issued.',
  })
  readonly mint!: MintSettingsObject | null;

  @MadeOf<RegistryPart>('health', 'url', 'provider')
  @Field(() => RegistryHealthObject, {
    nullable: true,
    description: 'What the last test of the current credential version found; null until this version was tested.',
  })
  readonly health!: RegistryHealthObject | null;

  @Field(() => Int, {
    description: 'The revision of the registry. Pass it as `expectedRevision` to avoid overwriting another change.',
  })
  readonly revision!: number;

  @Field(() => DateTime, { description: 'When it was created.' })
  readonly createdAt!: string;

  @Field(() => String, { description: 'Who created it, as in the audit log.' })
  readonly createdBy!: string;

  @Field(() => DateTime, {
    description: 'When its details or its credential last changed. Tests and leases do not count.',
  })
  readonly updatedAt!: string;

  @Field(() => String, { description: 'Who made that change, as in the audit log.' })
  readonly updatedBy!: string;

  /** Whether several callers get this answer: then nothing in it may depend on their permissions. */
  readonly isShared!: boolean;

  /** Serves the field `usage`, see `RegistryResolver`. */
  readonly loadUsage!: LoadUsage;
}

/** `now` is in milliseconds since 1970. The status of a credential depends on it. */
export function toGraphqlRegistries(
  queries: Pick<Queries, 'registries'>,
  views: readonly RegistryView[],
  now: number,
): RegistryObject[] {
  const loadUsage = usageOfList(
    queries,
    views.map(({ id }) => id),
  );
  return views.map((view, index) => toGraphql(view, loadUsage(index), now));
}

export function toGraphqlRegistry(
  queries: Pick<Queries, 'registries'>,
  view: RegistryView,
  now: number,
): RegistryObject {
  return toGraphql(view, usageOfList(queries, [view.id])(0), now);
}

/** Written out field by field: a spread takes five times as long, and lists are the most frequent query. */
function toGraphql(view: RegistryView, loadUsage: LoadUsage, now: number): RegistryObject {
  return {
    id: view.id,
    projectId: view.projectId,
    url: view.url,
    enteredUrl: view.enteredUrl,
    name: view.name,
    description: view.description,
    email: view.email,
    provider: view.provider,
    username: view.username,
    access: view.access,
    caCertificate: view.caCertificate,
    authRealmHost: view.authRealmHost,
    credential: toGraphqlCredential(view, loadUsage, now),
    mint: view.mint && mintSettings(view.mint),
    health: view.health && toGraphqlHealth(view.health, view.url, view.provider),
    revision: view.revision,
    createdAt: view.createdAt,
    createdBy: view.createdBy,
    updatedAt: view.updatedAt,
    updatedBy: view.updatedBy,
    isShared: false,
    loadUsage,
  };
}

function mintSettings(mint: MintConfig): MintSettingsObject {
  return {
    ...mint,
    federated: mint.federated === true,
    clientId: mint.clientId ?? null,
    workloadIdentityProvider: mint.workloadIdentityProvider ?? null,
    serviceAccountEmail: mint.serviceAccountEmail ?? null,
    robot: mint.robot ?? null,
    providerName: mint.providerName ?? null,
  };
}
