import { troubleshootingTable } from '../src/domain/diagnosis.ts';
import { errorTable } from '../src/domain/error-reference.ts';

const GENERATED = '<!-- Written by `npm run -s generate` from the code. -->';

const ERRORS = `# Errors

${GENERATED}

Every error has a code in \`extensions.code\`. The codes are part of the contract and no others leave the service; messages
are for people and may change. Details stand beside the code in \`extensions\`.

\`\`\`json
{"errors":[{"message":"2 leases are active on this registry. …","path":["deleteRegistry"],"extensions":{"code":"REGISTRY_IN_USE","activeLeases":2}}],"data":null}
\`\`\`

The status is that of an answer, always \`application/json\`, that holds this error alone. It is 200 as soon as another field
of the same request was answered, and 500 with \`INTERNAL\` if the request failed before its operation ran. A body of more
than 256 KiB is answered with 413, a method other than \`POST\` with 405, both with \`BAD_USER_INPUT\`. WebSocket
messages carry the same codes.

${errorTable()}`;

const TROUBLESHOOTING = `# Troubleshooting

${GENERATED}

What a test of a credential finds, and what to do about it. The service gives the same advice in \`health.advice\` and in the
message of \`VERIFICATION_FAILED\` ([errors](errors.md)). If the service itself does not start:
[operations](operations.md#when-the-service-does-not-start).

${troubleshootingTable()}`;

/** Documents that hold what the code says, by their paths. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  'docs/errors.md': ERRORS,
  'docs/troubleshooting.md': TROUBLESHOOTING,
};
