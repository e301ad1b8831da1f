import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface VerifierRun {
  /** The bytes of the export. */
  readonly export: string | Buffer;
  readonly anchor?: string;
  readonly from?: string | null;
  readonly to?: string | null;
}
/** Line, entry and fault, or null; and the last entry that is vouched for. */
export type PythonVerdict = readonly [
  fault: readonly [line: number, entry: number, what: string] | null,
  vouched: number,
];

const RUN_ALL = `
import base64, json, sys
import verify
keys = [base64.b64decode(sys.argv[1])]
for line in sys.stdin:
    file, anchor, since, until = json.loads(line)
    print(json.dumps(verify.verify(file, keys, anchor, since, until)))
`;

/** The verifier of docs/audit-format.md. */
export async function pythonVerifier(): Promise<string> {
  const page = await readFile('docs/audit-format.md', 'utf8');
  return /```python\n(.*?)```/s.exec(page)?.[1] ?? '';
}

/** Verifies all exports in one process. `code`: the verifier, which a test may have broken on purpose. */
export async function verifyByPython(
  code: string,
  publicKey: Buffer,
  runs: readonly VerifierRun[],
): Promise<PythonVerdict[]> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-python-'));
  try {
    await writeFile(join(folder, 'verify.py'), code);
    const list = await Promise.all(
      runs.map(async ({ export: content, anchor, from = null, to = null }, index) => {
        const file = join(folder, `${index}.ndjson`);
        await writeFile(file, content);
        if (anchor === undefined) return JSON.stringify([file, null, from, to]);
        await writeFile(`${file}.anchor`, anchor);
        return JSON.stringify([file, `${file}.anchor`, from, to]);
      }),
    );
    const running = execute('python3', ['-c', RUN_ALL, publicKey.toString('base64')], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, PYTHONPATH: folder, PYTHONUTF8: '1' },
    });
    running.child.stdin?.end(`${list.join('\n')}\n`);
    const { stdout } = await running;
    return stdout
      .trim()
      .split('\n')
      .map((line): PythonVerdict => JSON.parse(line));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
