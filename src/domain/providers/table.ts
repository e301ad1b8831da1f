import { amazonEcr } from './amazon-ecr.ts';
import { amazonEcrPublic } from './amazon-ecr-public.ts';
import { artifactory } from './artifactory.ts';
import { azure } from './azure.ts';
import { digitalocean } from './digitalocean.ts';
import { dockerHub } from './docker-hub.ts';
import { forgejo } from './forgejo.ts';
import { generic } from './generic.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { harbor } from './harbor.ts';
import type { ProviderProfile } from './profile.ts';
import { quay } from './quay.ts';
import { scaleway } from './scaleway.ts';

/**
 * Every provider, by its name in the API and in events. The ones that people look for most come first. All lists of
 * providers derive from this table.
 */
export const PROVIDERS = {
  DOCKER_HUB: dockerHub,
  GITHUB: github,
  GITLAB: gitlab,
  GOOGLE: google,
  AMAZON_ECR: amazonEcr,
  AMAZON_ECR_PUBLIC: amazonEcrPublic,
  AZURE: azure,
  QUAY: quay,
  HARBOR: harbor,
  ARTIFACTORY: artifactory,
  FORGEJO: forgejo,
  DIGITALOCEAN: digitalocean,
  SCALEWAY: scaleway,
  GENERIC: generic,
} as const satisfies Readonly<Record<string, ProviderProfile>>;

export type RegistryProvider = keyof typeof PROVIDERS;

/** The table in its order. */
export const PROVIDER_ENTRIES = Object.entries(PROVIDERS) as readonly (readonly [RegistryProvider, ProviderProfile])[];
