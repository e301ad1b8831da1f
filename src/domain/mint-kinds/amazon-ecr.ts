import { isAccessKeyId } from '../secret-shapes.ts';
import type { MintKindProfile } from './profile.ts';

export const amazonEcr: MintKindProfile = {
  description: 'Amazon ECR: from an access key. The passwords last 12 hours.',
  takes: 'an access key id and its secret',
  registries: '<account>.dkr.ecr.<region>.amazonaws.com',
  settings: {
    roleArn: {
      shape: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
      required: false,
      fault: 'roleArn is for AMAZON_ECR and looks like arn:aws:iam::123456789012:role/name.',
    },
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
