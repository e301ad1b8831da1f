import { withClient } from './database.ts';

const EVENTS_OF_A_STREAM = 10;
/** It is rotated at the revisions 3, 6 and 9. */
const LAST_VERSION = 4;

export function eventsOfHistory(streams: number): number {
  return streams * EVENTS_OF_A_STREAM;
}

/**
 * A log of so many registries in 200 projects. Each is created, then changed nine times: two of three changes are to its
 * details, the others are rotations. The events of the registries are interleaved. SQL writes them, because writing is
 * not measured, and the checkpoint marks them as applied to the read models. The vault has a row for each current secret.
 */
export async function seedRegistryHistory(connectionString: string, streams: number): Promise<void> {
  await withClient(connectionString, async (client) => {
    await client.query(
      `insert into log.events (position, occurred_at, event_id, revision, schema_version, stream, type, data, metadata)
       select position, timestamptz '2026-01-01 00:00:00Z' + position * interval '1 second', ${uuidOf(`'event ' || position`)},
         revision, 1, 'registry-' || id || '-' || project,
         case when revision = 0 then 'RegistryCreated' when revision % 3 = 0 then 'CredentialRotated' else 'RegistryUpdated' end,
         case
           when revision = 0 then json_build_object('registryId', id, 'projectId', project, 'url', host, 'enteredUrl', 'https://' || host,
             'name', 'Registry ' || number, 'description', null, 'email', 'team@example.com', 'provider', 'GENERIC',
             'username', 'robot', 'access', 'PULL_AND_PUSH', 'caCertificate', null, 'authRealmHost', null, 'rotateEveryDays', 90,
             'credential', credential(1, number))
           when revision % 3 = 0 then json_build_object('registryId', id, 'username', 'robot',
             'credential', credential(revision / 3 + 1, number))
           else json_build_object('registryId', id, 'changes',
             json_build_object('name', 'Registry ' || number || ' of ' || revision, 'description', 'Change ' || revision),
             'expiry', null, 'credential', null)
         end,
         json_build_object('projectId', project, 'actor', 'someone@example.com', 'issuer', 'https://issuer.example.com',
           'ipAddress', '192.0.2.7', 'userAgent', 'curl/8', 'requestId', '6f9619ff-8b86-4011-b42d-00c04fc964ff',
           'durationMs', 3, 'idempotencyId', null,
           'mac', '1.' || repeat('A', 43))
       from (
         select revision * ${streams} + number as position, revision, number, ${uuidOf(`'registry ' || number`)} as id,
           'project-' || number % 200 as project, 'registry-' || number || '.example.com' as host
         from generate_series(0, ${EVENTS_OF_A_STREAM - 1}) as revision, generate_series(1, ${streams}) as number
       ) as planned
       order by position`.replaceAll(/credential\(([^,]+), number\)/g, CREDENTIAL),
    );
    await client.query(
      `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id, wrapped_key,
         message_id, commitment, ciphertext, digest)
       select ${uuidOf(`'secret ' || number || ' ' || ${LAST_VERSION}`)}, 'project-' || number % 200, ${uuidOf(`'registry ' || number`)},
         ${LAST_VERSION}, 'registry-' || number || '.example.com', 'current', 1, 1, bytes, bytes, bytes, bytes, bytes
       from generate_series(1, ${streams}) as number, decode(repeat('3f', 32), 'hex') as bytes`,
    );
    await client.query('update log.head set position = $1', [eventsOfHistory(streams)]);
    await client.query('update read_models.checkpoint set position = $1', [eventsOfHistory(streams)]);
  });
  await withClient(connectionString, (client) => client.query('vacuum analyze log.events'));
}

/** In SQL: a UUID of version 5, as Purser's are. It takes no others for ids. */
function uuidOf(name: string): string {
  return `overlay(overlay(md5(${name}) placing '5' from 13) placing '8' from 17)::uuid`;
}

const CREDENTIAL = `json_build_object('version', $1, 'kind', 'TOKEN', 'expiresAt', '2027-01-01T00:00:00.000Z',
  'expirySource', 'DECLARED', 'secretId', ${uuidOf(`'secret ' || number || ' ' || $1`)}, 'digest', repeat('3f', 32),
  'warnings', json_build_array(), 'mint', null)`;
