import { actionsTable } from '../src/domain/audit-actions.ts';
import { troubleshootingTable } from '../src/domain/diagnosis.ts';
import { errorSections } from '../src/domain/error-reference.ts';
import {
  FOLD_VERSION_FILE,
  foldVersionModule,
  READ_MODELS_VERSION_FILE,
  readModelsVersionModule,
} from './code-version.ts';

const GENERATED = '<!-- Written by `npm run -s generate` from the code. -->';

const ERRORS = `# Errors

${GENERATED}

Every error has a code in \`extensions.code\`. The codes are part of the contract, and the service returns no others. Messages
are for people and may change. Details are beside the code in \`extensions\`, and \`documentation\` is a link to the code's place on
the errors page of the service, relative to its URL: \`https://purser.example.com/docs/errors#registry_in_use\`. That page needs
no token, and says the same as [the codes below](#codes). Outcomes of tests are in [troubleshooting](troubleshooting.md).

\`\`\`json
{"errors":[{"message":"1 lease is active on this registry. …","path":["deleteRegistry"],"extensions":{"code":"REGISTRY_IN_USE","activeLeases":1,"leases":[{"id":"3d813cbb-47fb-52ba-91df-831e1593ac29","pipeline":"web/deploy","runId":"1742","expiresAt":"2026-03-01T11:00:00.000Z"}],"documentation":"/docs/errors#registry_in_use"}}],"data":null}
\`\`\`

## Status

| answer | \`application/graphql-response+json\` | \`application/json\` |
| --- | --- | --- |
| data and no errors | 200 | 200 |
| errors, and \`data\`, even if it is \`null\`: the operation ran, and part of a mutation may have been done | 294 | 200 |
| errors and no \`data\`: nothing ran | by the first error's code, as below | 200, or 401 with \`UNAUTHENTICATED\` |
| the body or a parameter is not JSON | 400 | 400 |
| JSON, but no GraphQL request | 422 | 400 |
| the token was refused | 401 | 401 |

The same in both types, with \`BAD_USER_INPUT\`: 405 for another method, or a mutation by \`GET\`; 413 for a body of more than 256 KiB; 414
for a URL of more than 8192 characters; 415 for a body that is not \`application/json\` in UTF-8; and, always as
\`application/json\`, 406 for an \`Accept\` that has neither type. A fault before the operation is 500 with \`INTERNAL\`, a service that
stops answers 503 with \`UNAVAILABLE\`. WebSocket messages use the same codes.

## Codes

${errorSections()}`;

const TROUBLESHOOTING = `# Troubleshooting

${GENERATED}

What a test of a credential can find, and what to do about it. The service gives the same advice in \`health.advice\` and in
the message of \`VERIFICATION_FAILED\` ([errors](errors.md)). If the service itself does not start, see
[operations](operations.md#when-the-service-does-not-start).

${troubleshootingTable()}`;

const AUDIT_ACTIONS = `# Actions in audit logs

${GENERATED}

The field \`action\` of an entry is one of these, and \`filter: { action: … }\` takes no other. [The format](audit-format.md) says how
entries are hashed. An entry with the outcome \`DENIED\` or \`FAILED\` is an attempt: nothing was done. If an event cannot be applied,
its entry has the type of the event as \`action\`, such as \`RegistryCreated\`.

${actionsTable()}`;

/** What is generated from the code beside the schemas, by path. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  'docs/audit-actions.md': AUDIT_ACTIONS,
  'docs/errors.md': ERRORS,
  'docs/troubleshooting.md': TROUBLESHOOTING,
  [FOLD_VERSION_FILE]: foldVersionModule(),
  [READ_MODELS_VERSION_FILE]: readModelsVersionModule(),
};
