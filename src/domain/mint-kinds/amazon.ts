import { isAccessKeyId } from '../secret-shapes.ts';
import type { MintKindProfile } from './profile.ts';

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;

/** What minting for Amazon's private and public registries has in common. */
export const AMAZON_MINTING: Pick<
  MintKindProfile,
  'takes' | 'settings' | 'settingsFault' | 'federated' | 'narrows' | 'usernameFault' | 'sourceFault'
> = {
  takes: 'an access key id and its secret',
  settings: {
    roleArn: {
      shape: ROLE_ARN,
      required: false,
      fault: 'roleArn is for AMAZON_ECR and AMAZON_ECR_PUBLIC and looks like arn:aws:iam::123456789012:role/name.',
    },
    externalId: {
      shape: /^[\w+=,.@:/-]{2,1224}$/,
      required: false,
      fault:
        'externalId is for AMAZON_ECR and AMAZON_ECR_PUBLIC: 2 to 1224 letters, digits and characters of +=,.@:/_-, as the trust policy of the role has it.',
    },
  },
  settingsFault: ({ roleArn, externalId }) =>
    externalId && !roleArn ? 'externalId goes with a role: enter roleArn as well.' : undefined,
  federated: {
    settings: {
      roleArn: {
        shape: ROLE_ARN,
        required: true,
        fault:
          'With federated, roleArn is required: the role that trusts this service, such as arn:aws:iam::123456789012:role/name.',
      },
    },
    audience: ({ roleArn }) => (roleArn?.startsWith('arn:aws-cn:') ? 'sts.amazonaws.com.cn' : 'sts.amazonaws.com'),
  },
  narrows: false,
  usernameFault: (username) =>
    isAccessKeyId(username)
      ? undefined
      : 'To mint passwords for Amazon ECR, the user name is the access key id, such as AKIA….',
  sourceFault: (username) =>
    username.startsWith('ASIA')
      ? {
          field: 'username',
          message:
            'This is a temporary access key (ASIA…), which needs a session token and soon expires. Use the access key of an IAM user (AKIA…).',
        }
      : undefined,
};
