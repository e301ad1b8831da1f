import { amazonEcr } from './amazon-ecr.ts';
import { amazonEcrPublic } from './amazon-ecr-public.ts';
import { artifactory } from './artifactory.ts';
import { azure } from './azure.ts';
import { githubApp } from './github-app.ts';
import { google } from './google.ts';
import type { MintKindProfile } from './profile.ts';
import { quay } from './quay.ts';

/** Every way of minting passwords, by its name in the API and in events. Providers' profiles name theirs. */
export const MINT_KINDS = {
  AMAZON_ECR: amazonEcr,
  AMAZON_ECR_PUBLIC: amazonEcrPublic,
  GOOGLE: google,
  AZURE: azure,
  GITHUB_APP: githubApp,
  QUAY: quay,
  ARTIFACTORY: artifactory,
} as const satisfies Readonly<Record<string, MintKindProfile>>;

export type MintKind = keyof typeof MINT_KINDS;
