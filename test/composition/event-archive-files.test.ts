import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type ArchivedEvent, archiveText, readArchive } from '../../src/adapters/postgres/log/event-archive-file.ts';
import type { Position } from '../../src/application/ports/event-log.ts';
import { archiveFile, verifyArchiveFile, writeArchiveFile } from '../../src/composition/event-archive-files.ts';
import { someAuthenticator } from '../support/event-authenticator.ts';

/** More than are read at once. */
const EVENTS = 1_001;
const EDGE = 2_000n as Position;
const authenticator = someAuthenticator();

function event(number: number): ArchivedEvent {
  const at = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
  return {
    position: BigInt(number) as Position,
    stream: `access-${number}`,
    revision: 0,
    id: crypto.randomUUID(),
    type: 'AccessDenied',
    schemaVersion: 1,
    occurredAt: at,
    appendedAt: at,
    json: '{}',
    data: {},
    metadataJson: '{}',
    metadata: JSON.parse('{}'),
  };
}

/** An archive in a folder of its own, and what the database knows of it. */
async function writtenArchive(events: number) {
  const folder = await mkdtemp(join(tmpdir(), 'purser-archive-file-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = archiveFile(folder, EDGE);
  const pages = async function* () {
    yield Array.from({ length: events }, (_, index) => event(index + 1));
  };
  const range = { upTo: EDGE, before: '2026-02-01T00:00:00.000Z' };
  const written = await writeArchiveFile(file, archiveText(range, pages(), authenticator), async (lines) => {
    const reader = await readArchive(file, lines, authenticator);
    for await (const _page of reader.pages());
    return reader.end();
  });
  return { folder, file, edge: { ...written, upTo: EDGE, stateDigest: '', shape: '' } };
}

it('accepts the archive that the database knows', async () => {
  const { folder, edge } = await writtenArchive(EVENTS);
  expect(edge.events).toBe(EVENTS);
  await verifyArchiveFile(folder, edge, authenticator);
});

it('refuses another one of the same edge, that was written with the same keys', async () => {
  const { folder, file, edge } = await writtenArchive(EVENTS);
  const other = await writtenArchive(EVENTS - 1);
  await writeFile(file, await readFile(other.file));
  await expect(verifyArchiveFile(folder, edge, authenticator)).rejects.toThrow(
    /^\S+ is another archive than the one that the database knows\.$/,
  );
});

it('refuses one that was given another name', async () => {
  const { folder, file, edge } = await writtenArchive(1);
  const upTo = (EDGE + 1n) as Position;
  await rename(file, archiveFile(folder, upTo));
  await expect(verifyArchiveFile(folder, { ...edge, upTo }, authenticator)).rejects.toThrow(
    /holds the events up to position 2000: somebody gave it another name/,
  );
});

it.each([
  ['cut', (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1), /its end is missing/],
  ['changed', (text: string) => text.replace(`access-${EVENTS}`, `access-${EVENTS + 1}`), /it was changed/],
])('refuses one that is %s behind the events that are read at once', async (_what, tamper, message) => {
  const { folder, file, edge } = await writtenArchive(EVENTS);
  await writeFile(file, tamper(await readFile(file, 'utf8')));
  await expect(verifyArchiveFile(folder, edge, authenticator)).rejects.toThrow(message);
});
