import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartFault } from '../../src/adapters/postgres/embedded/start-fault.ts';
import { DataDirFault, prepareDataDir } from '../../src/cli/data-dir.ts';
import { explainFault } from '../../src/cli/explain-fault.ts';

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'purser-folder-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function faultOf(dataDir: string): Promise<string | undefined> {
  try {
    await prepareDataDir(dataDir);
    return undefined;
  } catch (error) {
    if (!(error instanceof DataDirFault)) throw error;
    return error.message;
  }
}

describe('the data folder', () => {
  it('is made with the folders above it, closed to others, and nothing is left in it', async () => {
    const dataDir = join(parent, 'a/b/c');
    expect(await faultOf(dataDir)).toBeUndefined();
    expect(await faultOf(dataDir)).toBeUndefined();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is refused if it is a file, or below one', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    expect(await faultOf(file)).toBe(
      `PURSER_DATA_DIR ${file} is a file. Set it to a folder, or to a path that does not exist yet.`,
    );
    expect(await faultOf(join(file, 'below'))).toContain('has a file in its path');
  });

  it.skipIf(process.platform !== 'linux')('is refused if the system lets no user create a folder', async () => {
    for (const dataDir of ['/proc/x', '/proc/x/y/z']) {
      expect(await faultOf(dataDir)).toMatch(/^The data folder \/proc\/x.* cannot be created there \(ENOENT\)/);
    }
  });

  it("is refused if it is another user's, and the sentence names its owner", async () => {
    const dataDir = join(parent, 'closed');
    await mkdir(dataDir, { mode: 0o700 });
    await chmod(parent, 0o755);
    if (IS_ROOT) {
      await chown(dataDir, 1, 1);
      process.seteuid?.(NOBODY);
    } else {
      await chmod(dataDir, 0o500);
    }
    try {
      for (const path of [dataDir, join(dataDir, 'below')]) {
        expect(await faultOf(path)).toMatch(
          new RegExp(`^The data folder ${path} cannot be written by this user .*${dataDir} belongs to user \\d+`),
        );
      }
    } finally {
      if (IS_ROOT) process.seteuid?.(0);
      else await chmod(dataDir, 0o700);
    }
  });
});

/** A file system for one test. Undefined if this machine does not allow mounts. */
function mounted(options: string): string | undefined {
  const folder = join(parent, 'mounted');
  execFileSync('mkdir', ['-p', folder]);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

describe.skipIf(!IS_ROOT || process.platform !== 'linux')('a data folder on a file system', () => {
  const MOUNT_NEEDED = 'this machine does not allow mounts';
  afterEach(() => {
    try {
      execFileSync('umount', [join(parent, 'mounted')], { stdio: 'ignore' });
    } catch {
      // It was not mounted.
    }
  });

  it('that is read-only is refused', async ({ skip }) => {
    const folder = mounted('ro,size=1m');
    skip(folder === undefined, MOUNT_NEEDED);
    expect(await faultOf(folder ?? '')).toBe(
      `The data folder ${folder} is on a read-only file system. Mount it writable, or set PURSER_DATA_DIR to another folder.`,
    );
  });

  it('that is full is refused, and nothing is left in it', async ({ skip }) => {
    const folder = mounted('size=32k');
    skip(folder === undefined, MOUNT_NEEDED);
    expect(await faultOf(folder ?? '')).toContain(`The data folder ${folder} is on a full disk. Free some space`);
    expect(await readdir(folder ?? '')).toEqual([]);
  });
});

describe('a fault of the embedded server', () => {
  it('tells of a disk that is full, whatever the server wrote around it', () => {
    const said =
      'running bootstrap script ...\nFATAL:  could not write to file "x": No space left on device\nchild exited';
    expect(new StartFault('/data/postgres', said).message).toBe(
      'The embedded Postgres in /data/postgres cannot be started. The disk is full. Free some space there, then start again. (FATAL:  could not write to file "x": No space left on device)',
    );
    expect(new StartFault('/data/postgres', '').message).toContain('no reason given');
  });

  it('that went away while it was used is explained by its log', async () => {
    await writeFile(
      join(parent, 'postgres.log'),
      'LOG:  ready\nPANIC:  could not write to file: No space left on device\n',
    );
    const lost = new Error('migration 0001 failed', { cause: new Error('Connection terminated unexpectedly') });
    const explained = await explainFault(lost, { databaseUrl: undefined, dataDir: parent });
    expect(explained).toBeInstanceOf(StartFault);
    expect(String(explained)).toContain('The disk is full');
  });

  it('that holds tables of an unreleased build is explained by the folder', async () => {
    const taken = Object.assign(new Error('schema "log" already exists'), { code: '42P06' });
    const failed = new Error('migration 0001 failed', { cause: taken });
    const explained = await explainFault(failed, { databaseUrl: undefined, dataDir: parent });
    expect(explained).toBeInstanceOf(DataDirFault);
    expect((explained as DataDirFault).message).toBe(
      `An unreleased Purser made the data folder ${parent}; this version cannot use its tables. Move the folder away, or set PURSER_DATA_DIR to another one.`,
    );
  });

  it('does not change an error of the program', async () => {
    const bug = new TypeError('x is not a function');
    expect(await explainFault(bug, { databaseUrl: undefined, dataDir: parent })).toBe(bug);
  });
});
