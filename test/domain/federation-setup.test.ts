import { describe, expect, it } from 'vitest';
import { federationSteps } from '../../src/domain/federation-setup.ts';
import { MINT_KINDS, type MintKind } from '../../src/domain/mint-kinds/table.ts';

const TRUST = {
  issuer: 'https://purser.example/ids',
  subject: 'project:abc:registry:6a2f41a3-c54c-5ce8-8e39-7d1f1a1f7a5e',
  audience: 'the-audience',
  url: 'acme.example',
  settings: {},
};
const jsonOf = (kind: MintKind, settings: object = {}): unknown =>
  JSON.parse(federationSteps(kind, { ...TRUST, settings }).find(({ text }) => /^[[{]/.test(text))?.text ?? 'null');

describe('what to set up at a cloud', () => {
  it('is an exact condition on audience and subject at Amazon', () => {
    const roleArn = 'arn:aws-cn:iam::123456789012:role/ci/purser';
    expect(jsonOf('AMAZON_ECR', { roleArn })).toMatchObject({
      Statement: [
        {
          Principal: { Federated: 'arn:aws-cn:iam::123456789012:oidc-provider/purser.example/ids' },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { 'purser.example/ids:aud': 'the-audience', 'purser.example/ids:sub': TRUST.subject },
          },
        },
      ],
    });
    const commands = federationSteps('AMAZON_ECR', { ...TRUST, settings: { roleArn } }).map(({ text }) => text);
    expect(commands.join('\n')).toContain('create-role --role-name purser ');
  });

  it('is issuer, subject and audience at Azure, Quay and Artifactory', () => {
    expect(jsonOf('AZURE')).toMatchObject({
      issuer: TRUST.issuer,
      subject: TRUST.subject,
      audiences: ['the-audience'],
    });
    expect(jsonOf('QUAY')).toEqual([{ issuer: TRUST.issuer, subject: TRUST.subject }]);
    expect(jsonOf('ARTIFACTORY')).toMatchObject({ issuer_url: TRUST.issuer, audience: 'the-audience' });
  });

  it('is the subject alone at Google, as a condition and as a principal', () => {
    const workloadIdentityProvider =
      '//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/ci-pool/providers/purser';
    const texts = federationSteps('GOOGLE', { ...TRUST, settings: { workloadIdentityProvider } }).map(
      ({ text }) => text,
    );
    expect(texts[1]).toContain(`--attribute-condition='assertion.sub == "${TRUST.subject}"'`);
    expect(texts[2]).toContain(`projects/42/locations/global/workloadIdentityPools/ci-pool/subject/${TRUST.subject}`);
  });

  it('is there for every kind that is federated, and leaves a name in brackets for what is not known', () => {
    for (const kind of Object.keys(MINT_KINDS) as MintKind[]) {
      const text = federationSteps(kind, TRUST)
        .map((step) => step.text)
        .join('\n');
      expect([kind, /<[a-z A-Z]+>/.test(text)]).toEqual([kind, 'federated' in MINT_KINDS[kind]]);
      if ('federated' in MINT_KINDS[kind]) expect(text).toContain(TRUST.subject);
    }
  });

  it('quotes what goes into a shell', () => {
    const [first] = federationSteps('AMAZON_ECR', { ...TRUST, issuer: "https://purser.example/it's" });
    expect(first?.text).toContain(`'https://purser.example/it'\\''s'`);
  });
});
