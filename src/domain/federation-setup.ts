import type { MintSettings } from './mint-kinds/profile.ts';
import type { MintKind } from './mint-kinds/table.ts';

/** What a provider is told to trust, and what is known of the registry. */
export interface FederationTrust {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  /** Those that were given. What is missing is written as `<name>`, for people to replace. */
  readonly settings: MintSettings;
}

export interface SetUpStep {
  /** What it does, as a sentence. */
  readonly what: string;
  /** For a shell; or the content of a file that a command names. */
  readonly text: string;
}

/** What to set up at the provider, in this order. Conditions are exact: they fit one registry of one project. */
export function federationSteps(kind: MintKind, trust: FederationTrust): readonly SetUpStep[] {
  switch (kind) {
    case 'AMAZON_ECR':
    case 'AMAZON_ECR_PUBLIC':
      return amazonSteps(trust);
    case 'GOOGLE':
      return googleSteps(trust);
    case 'AZURE':
      return azureSteps(trust);
    case 'QUAY':
      return quaySteps(trust);
    case 'ARTIFACTORY':
      return artifactorySteps(trust);
    case 'GITHUB_APP':
      return [];
  }
}

function amazonSteps({ issuer, subject, audience, settings }: FederationTrust): SetUpStep[] {
  const [, partition = 'aws', account = '<account>', role = '<role>'] =
    /^arn:(aws[a-z-]*):iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(settings.roleArn ?? '') ?? [];
  const name = issuer.replace(/^https?:\/\//, '');
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${name}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: subject } },
      },
    ],
  };
  return [
    {
      what: 'Once an account: make the service known to IAM.',
      text: `aws iam create-open-id-connect-provider --url ${quoted(issuer)} --client-id-list ${quoted(audience)}`,
    },
    { what: 'trust.json: who may assume the role.', text: json(policy) },
    {
      what: 'Make the role, and give it its rights (PullOnly for a registry that is only read).',
      text: `aws iam create-role --role-name ${role} --assume-role-policy-document file://trust.json
aws iam attach-role-policy --role-name ${role} --policy-arn arn:${partition}:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser`,
    },
  ];
}

function googleSteps({ issuer, subject, settings }: FederationTrust): SetUpStep[] {
  const [, number = '<project number>', pool = '<pool>', provider = '<provider>'] =
    /projects\/(\d+)\/.*\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/.exec(
      settings.workloadIdentityProvider ?? '',
    ) ?? [];
  const principal = `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${pool}/subject/${subject}`;
  const account = settings.serviceAccountEmail;
  const grant = account
    ? `gcloud iam service-accounts add-iam-policy-binding ${quoted(account)} --role=roles/iam.workloadIdentityUser --member=${quoted(principal)}`
    : `gcloud artifacts repositories add-iam-policy-binding '<repository>' --location='<location>' --role=roles/artifactregistry.writer --member=${quoted(principal)}`;
  return [
    {
      what: 'Once a project: make a pool.',
      text: `gcloud iam workload-identity-pools create ${quoted(pool)} --location=global`,
    },
    {
      what: 'Make the service known to it. Where Google cannot reach the issuer, add --jwk-json-path=jwks.json with the keys of --json, and upload them anew after each new key.',
      text: `gcloud iam workload-identity-pools providers create-oidc ${quoted(provider)} --location=global --workload-identity-pool=${quoted(pool)} --issuer-uri=${quoted(issuer)} --attribute-mapping=google.subject=assertion.sub --attribute-condition=${quoted(`assertion.sub == "${subject}"`)}`,
    },
    { what: 'Give this registry its rights.', text: grant },
  ];
}

function azureSteps({ issuer, subject, audience, url, settings }: FederationTrust): SetUpStep[] {
  const client = settings.clientId ?? '<clientId>';
  const [name = ''] = url.split('.');
  const credential = { name: `purser-${name}`, issuer, subject, audiences: [audience] };
  return [
    { what: 'credential.json: what the application trusts.', text: json(credential) },
    {
      what: 'Let the application trust it (20 such credentials fit one application), and give it its rights (AcrPull to pull only).',
      text: `az ad app federated-credential create --id ${quoted(client)} --parameters credential.json
az role assignment create --assignee ${quoted(client)} --role AcrPush --scope "$(az acr show --name ${name} --query id --output tsv)"`,
    },
  ];
}

function quaySteps({ issuer, subject, url, settings }: FederationTrust): SetUpStep[] {
  const [organization = '', robot = ''] = (settings.robot ?? '<organization>+<robot>').split('+');
  return [
    {
      what: 'federation.json: what the robot trusts. It takes the place of what the robot trusted before.',
      text: json([{ issuer, subject }]),
    },
    {
      what: 'Let the robot trust it. QUAY_TOKEN is an OAuth token of an administrator of the organization.',
      text: posting(
        'QUAY_TOKEN',
        'federation.json',
        `https://${url}/api/v1/organization/${organization}/robots/${robot}/federation`,
      ),
    },
  ];
}

/** Others on the machine can see a command's arguments, so that the token is not among them. */
function posting(token: string, file: string, url: string): string {
  return `printf 'Authorization: Bearer %s\\n' "$${token}" | curl -X POST -H @- -H 'Content-Type: application/json' -d @${file} ${quoted(url)}`;
}

function artifactorySteps({ issuer, subject, audience, url, settings }: FederationTrust): SetUpStep[] {
  const name = settings.providerName ?? '<providerName>';
  const integration = { name, issuer_url: issuer, provider_type: 'generic', audience };
  const mapping = {
    name: `${name}-registry`,
    priority: 1,
    claims: { sub: subject },
    token_spec: { username: '<user>', scope: 'applied-permissions/user', expires_in: 3600 },
  };
  const post = (path: string, file: string) => posting('JFROG_TOKEN', file, `https://${url}/access/api/v1/oidc${path}`);
  return [
    { what: 'integration.json: the service, once a server.', text: json(integration) },
    { what: 'mapping.json: as whom this registry logs in.', text: json(mapping) },
    {
      what: 'Enter both. JFROG_TOKEN is an access token of an administrator.',
      text: `${post('', 'integration.json')}\n${post(`/${name}/identity_mappings`, 'mapping.json')}`,
    },
  ];
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
