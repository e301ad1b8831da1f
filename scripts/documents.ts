import { troubleshootingTable } from '../src/domain/diagnosis.ts';
import { errorTable } from '../src/domain/error-reference.ts';

const GENERATED = '<!-- Written by `npm run -s generate` from the code. -->';

const ERRORS = `# Errors

${GENERATED}

Every error has a code in \`extensions.code\`. The codes are part of the contract, and the service returns no others. Messages
are for people and may change. Details are beside the code in \`extensions\`.

\`\`\`json
{"errors":[{"message":"2 leases are active on this registry. …","path":["deleteRegistry"],"extensions":{"code":"REGISTRY_IN_USE","activeLeases":2}}],"data":null}
\`\`\`

The table shows the status of an answer with only this error. Answers are always \`application/json\`. The status is 200 if
another field of the same request was answered, and 500 with \`INTERNAL\` if the request failed before its operation ran. The
service answers a body of more than 256 KiB with 413 and a method other than \`POST\` with 405, both with \`BAD_USER_INPUT\`.
WebSocket messages use the same codes.

${errorTable()}`;

const TROUBLESHOOTING = `# Troubleshooting

${GENERATED}

What a test of a credential can find, and what to do about it. The service gives the same advice in \`health.advice\` and in
the message of \`VERIFICATION_FAILED\` ([errors](errors.md)). If the service itself does not start, see
[operations](operations.md#when-the-service-does-not-start).

${troubleshootingTable()}`;

/** The documents that are generated from the code, by path. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  'docs/errors.md': ERRORS,
  'docs/troubleshooting.md': TROUBLESHOOTING,
};
