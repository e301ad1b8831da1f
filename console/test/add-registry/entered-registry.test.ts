import { describe, expect, it } from 'vitest';
import {
  atField,
  createInput,
  type EnteredRegistry,
  emptyDraft,
  problemsOf,
  testInput,
  withChoice,
} from '../../src/views/add-registry/entered-registry.ts';
import { federationCommand } from '../../src/views/add-registry/federation-command.ts';
import type { Preset } from '../../src/views/add-registry/presets.ts';

const ECR: Preset = {
  provider: 'AMAZON_ECR',
  name: 'Amazon ECR',
  urlPatterns: ['<account>.dkr.ecr.<region>.amazonaws.com'],
  username: 'AWS',
  fixedUsername: 'AWS',
  password: '',
  documentation: null,
};
const SENT = { secret: 'typed', provider: undefined };
const URL = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const FEDERATED = { kind: 'AMAZON_ECR', federated: true } as const;

const draft = (change: Partial<EnteredRegistry> = {}): EnteredRegistry => ({ ...emptyDraft(ECR, URL), ...change });

describe('a new registry', () => {
  it('sends only what was entered, trimmed, and the secret as it was typed', () => {
    expect(createInput(draft({ url: ` ${URL} `, name: '  ' }), { ...SENT, secret: ' typed ' }, true)).toEqual({
      url: URL,
      access: 'PULL_AND_PUSH',
      username: 'AWS',
      password: ' typed ',
      verify: true,
    });
    const whole = draft({
      description: 'why',
      email: 'a@b.c',
      rotateEveryDays: '90',
      caCertificate: 'pem',
      access: 'PULL',
    });
    expect(createInput(whole, { ...SENT, provider: 'HARBOR' }, false)).toMatchObject({
      provider: 'HARBOR',
      access: 'PULL',
      description: 'why',
      email: 'a@b.c',
      rotateEveryDays: 90,
      caCertificate: 'pem',
    });
  });

  it('is tested where it says, and tells the test nothing that it does not take', () => {
    const { repository, ...rest } = testInput(draft({ repository: 'team/app', description: 'why' }), SENT);
    expect(repository).toBe('team/app');
    expect(Object.keys(rest).sort()).toEqual(['access', 'password', 'url', 'username']);
  });

  it('sends neither user name nor secret where none is stored', () => {
    const entered = { ...withChoice(draft(), ECR, FEDERATED), mint: { roleArn: ' arn:x ', externalId: 'left over' } };
    expect(createInput(entered, SENT, true)).toEqual({
      url: URL,
      access: 'PULL_AND_PUSH',
      mint: { kind: 'AMAZON_ECR', federated: true, roleArn: 'arn:x' },
      verify: true,
    });
  });

  it('has the user name that its use prescribes, unless one was typed', () => {
    const minted = withChoice(draft(), ECR, { kind: 'AMAZON_ECR', federated: false });
    expect(minted.username).toBe('');
    expect(withChoice(minted, ECR, 'password').username).toBe('AWS');
    expect(withChoice({ ...minted, username: 'AKIA1' }, ECR, 'password').username).toBe('AKIA1');
  });

  it('lacks what would be refused for certain', () => {
    expect(problemsOf(draft(), 'typed')).toEqual({});
    expect(Object.keys(problemsOf(draft({ url: ' ', username: '', rotateEveryDays: '9x' }), ' '))).toEqual([
      'url',
      'username',
      'password',
      'rotateEveryDays',
    ]);
    expect(Object.keys(problemsOf(withChoice(draft(), ECR, FEDERATED), ''))).toEqual(['mint.roleArn']);
  });
});

describe('an error of the service', () => {
  const failure = (field: string, message: string) => ({ field, message, code: 'BAD_USER_INPUT', requestId: 'r' });

  it('stands at the setting of mint that it names', () => {
    const role = failure('mint', 'With federated, roleArn is required: the role that trusts this service.');
    expect(atField(role, FEDERATED)).toMatchObject({ field: 'mint.roleArn', message: role.message, requestId: 'r' });
    expect(atField(failure('mint', 'federated needs an issuer.'), FEDERATED)?.field).toBe('mint');
  });

  it('stands at the URL if the host is of another provider, else where it says', () => {
    expect(atField(failure('provider', 'ghcr.io is GITHUB.'), 'password')?.field).toBe('url');
    expect(atField(failure('email', 'no'), 'password')?.field).toBe('email');
    expect(atField(null, 'password')).toBeNull();
  });
});

it('prints the command for what was entered so far, quoted for a shell', () => {
  const entered = { ...withChoice(draft(), ECR, FEDERATED), mint: { roleArn: "arn:aws:iam::1:role/it's" } };
  expect(federationCommand('my shop', entered, undefined).split(' \\\n  ')).toEqual([
    'purser federation export',
    "--project 'my shop'",
    `--registry ${URL}`,
    "--role-arn 'arn:aws:iam::1:role/it'\\''s'",
  ]);
});
