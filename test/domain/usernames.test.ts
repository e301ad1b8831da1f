import { describe, expect, it } from 'vitest';
import { checkUsername } from '../../src/domain/entered-credential.ts';
import type { MintKind } from '../../src/domain/mint-kinds/table.ts';
import type { RegistryProvider } from '../../src/domain/providers/table.ts';
import { refusal } from './refusals.ts';

describe('a user name', () => {
  it.each<[RegistryProvider, string]>([
    ['DOCKER_HUB', 'acme'],
    ['GITHUB', 'Octocat'],
    ['GITLAB', 'gitlab+deploy-token-42'],
    ['GOOGLE', '_json_key'],
    // Docker's own prompt asks for a user name or an e-mail address.
    ['DOCKER_HUB', 'ops@example.com'],
    ['GOOGLE', '_json_key_base64'],
    ['GOOGLE', 'oauth2accesstoken'],
    ['AMAZON_ECR', 'AWS'],
    ['AMAZON_ECR_PUBLIC', 'AWS'],
    ['AZURE', '00000000-0000-0000-0000-000000000000'],
    ['AZURE', 'contoso'],
    ['QUAY', 'acme+ci'],
    ['QUAY', '$oauthtoken'],
    ['HARBOR', 'robot$team+ci'],
    ['ARTIFACTORY', 'ci'],
    ['DIGITALOCEAN', 'ops@example.com'],
    ['GENERIC', 'Ünïcode user'],
    ['GENERIC', '<token>'],
  ])('of %s may be %s', (provider, username) => {
    expect(() => checkUsername(provider, username)).not.toThrow();
  });

  it.each<[RegistryProvider, string, RegExp]>([
    ['AMAZON_ECR', 'aws', /is AWS, in upper case/],
    ['AMAZON_ECR', 'admin', /is AWS/],
    ['AMAZON_ECR_PUBLIC', 'Aws', /is AWS/],
    ['AMAZON_ECR', 'AKIAIOSFODNN7EXAMPLE', /Use the user name AWS .* or have passwords minted/],
    ['AMAZON_ECR', 'ASIAIOSFODNN7EXAMPLE', /Use the user name AWS/],
    ['GOOGLE', 'json_key', /is _json_key with/],
    ['GOOGLE', '_JSON_KEY', /is _json_key with/],
    ['GOOGLE', 'ci@demo.iam.gserviceaccount.com', /is _json_key with/],
    ['GENERIC', '', /^Enter the user name/],
    ['GENERIC', ' \t', /^Enter the user name/],
    ['GENERIC', ' ci', /begins or ends with white space/],
    ['GENERIC', 'ci\n', /begins or ends with white space/],
    ['GENERIC', 'c\0i', /invisible character/],
    ['GENERIC', 'c\ni', /invisible character/],
    ['GENERIC', 'c\u202ei', /invisible character/],
    ['GENERIC', 'c\u200bi', /invisible character/],
    ['GENERIC', 'c\ud800i', /invisible character/],
    ['GENERIC', 'ci:secret', /must not contain a colon/],
    ['GENERIC', 'u'.repeat(256), /at most 255/],
  ])('of %s is refused as %j', (provider, username, message) => {
    const refused = refusal(() => checkUsername(provider, username));
    expect(refused.field).toBe('username');
    expect(refused.message).toMatch(message);
  });

  it.each<[RegistryProvider, MintKind, string]>([
    ['AMAZON_ECR', 'AMAZON_ECR', 'AKIAIOSFODNN7EXAMPLE'],
    ['AMAZON_ECR_PUBLIC', 'AMAZON_ECR', 'ASIAIOSFODNN7EXAMPLE'],
    ['GOOGLE', 'GOOGLE', '_json_key'],
    ['AZURE', 'AZURE', '3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
    ['GITHUB', 'GITHUB_APP', '123456'],
  ])('for minting passwords of %s by %s may be %s', (provider, kind, username) => {
    expect(() => checkUsername(provider, username, kind)).not.toThrow();
  });

  it.each<[RegistryProvider, MintKind, string, RegExp]>([
    ['AMAZON_ECR', 'AMAZON_ECR', 'AWS', /is the access key id/],
    ['GOOGLE', 'GOOGLE', 'oauth2accesstoken', /is _json_key/],
    ['AZURE', 'AZURE', 'contoso', /application id/],
    ['GITHUB', 'GITHUB_APP', '', /^Enter the user name/],
  ])('for minting passwords of %s by %s is refused as %j', (provider, kind, username, message) => {
    const refused = refusal(() => checkUsername(provider, username, kind));
    expect(refused.field).toBe('username');
    expect(refused.message).toMatch(message);
  });
});
