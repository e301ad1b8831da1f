import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import * as z from 'zod';

const INTEGRATIONS = join(import.meta.dirname, '../../integrations');
const MACHINE = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

export interface ScriptRun {
  readonly exitCode: number;
  readonly output: string;
}

/** A job on a machine of its CI system, with what that system's runner gives to it and nothing else. */
export interface CiJob {
  login(registry: string): Promise<ScriptRun>;
  /** A step of the job's own, after the login. */
  step(command: readonly string[]): Promise<ScriptRun>;
  report(registry: string): Promise<ScriptRun>;
  release(): Promise<ScriptRun>;
  /** Whether this text stands in a file of the job's machine. */
  keeps(text: string): Promise<boolean>;
  /** The shell of the YAML, by step, for shellcheck. */
  readonly scripts: readonly string[];
  remove(): Promise<void>;
}

export interface CiJobOptions {
  readonly url: string;
  /** Of `docker-credential-purser` and `purser-job`, in hexadecimal. */
  readonly digests: { readonly helper: string; readonly job: string };
  /** The job's identity, for this audience. */
  readonly token: (audience: string) => string;
  readonly audience: string;
}

type Environment = Readonly<Record<string, string>>;

async function run(command: readonly string[], env: Environment, cwd: string): Promise<ScriptRun> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode, output: stdout + stderr };
}

/** What `grep` finds: 0, or 1 for nothing. */
async function isKept(folder: string, text: string): Promise<boolean> {
  const { exitCode, output } = await run(['grep', '-rqF', '-e', text, '.'], MACHINE, folder);
  if (exitCode > 1) throw new Error(output);
  return exitCode === 0;
}

const action = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string() })),
  runs: z.object({
    using: z.literal('composite'),
    steps: z.array(
      z.object({
        if: z.string(),
        shell: z.literal('bash'),
        env: z.record(z.string(), z.string()).default({}),
        run: z.string(),
      }),
    ),
  }),
});

/** As GitHub's runner does it: each step by `bash`, `GITHUB_ENV` and `GITHUB_PATH` between them, and its endpoint for identity tokens. */
export async function githubJob({ url, digests, token, audience }: CiJobOptions): Promise<CiJob> {
  const { inputs, runs } = action.parse(parse(readFileSync(join(INTEGRATIONS, 'github/action.yml'), 'utf8')));
  const machine = await mkdtemp(join(tmpdir(), 'purser-github-'));
  const [envFile, pathFile] = [join(machine, 'env'), join(machine, 'path')];
  await Promise.all([writeFile(envFile, ''), writeFile(pathFile, '')]);
  const requestToken = 'request-token-of-the-job';
  const endpoint = createServer((request, response) => {
    const wanted = new URL(request.url ?? '', 'http://runner').searchParams.get('audience');
    const isJob = request.headers.authorization === `Bearer ${requestToken}` && wanted !== null;
    response.writeHead(isJob ? 200 : 401, { 'content-type': 'application/json' });
    response.end(isJob ? JSON.stringify({ count: 1, value: token(wanted) }) : '{}');
  }).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const address = endpoint.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;

  async function environment(): Promise<Environment> {
    const set = (await readFile(envFile, 'utf8')).split('\n').filter((line) => line.includes('='));
    const added = (await readFile(pathFile, 'utf8')).split('\n').filter((line) => line !== '');
    return {
      HOME: machine,
      RUNNER_TEMP: machine,
      GITHUB_ENV: envFile,
      GITHUB_PATH: pathFile,
      GITHUB_RUN_ID: '1742',
      GITHUB_REPOSITORY: 'octo/web',
      GITHUB_WORKFLOW: 'build & push',
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
      ...Object.fromEntries(set.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
      PATH: [...added.reverse(), MACHINE.PATH].join(':'),
    };
  }

  async function use(step: string, given: Environment): Promise<ScriptRun> {
    const all = {
      ...Object.fromEntries(Object.entries(inputs).map(([name, { default: value }]) => [name, value])),
      ...given,
    };
    const [chosen, ...others] = runs.steps.filter((one) => one.if === `inputs.step == '${step}'`);
    if (chosen === undefined || others.length > 0) throw new Error(`not one step for ${step}`);
    const filled = Object.entries(chosen.env).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input: string) => all[input] ?? ''),
    ]);
    const script = join(machine, `${step}.sh`);
    await writeFile(script, chosen.run);
    const env = { ...(await environment()), ...Object.fromEntries(filled) };
    return run(['bash', '--noprofile', '--norc', '-eo', 'pipefail', script], env, machine);
  }

  const sha256 = `${digests.helper}  docker-credential-purser\n${digests.job}  purser-job\n`;
  return {
    login: (registry) =>
      use('login', { url, project: 'demo', registries: registry, sha256, purpose: 'PUSH', audience }),
    step: async (command) =>
      run(['bash', '-eo', 'pipefail', '-c', '"$@"', 'job', ...command], await environment(), machine),
    report: (registry) => use('report', { registries: registry }),
    release: () => use('release', {}),
    keeps: (text) => isKept(machine, text),
    scripts: runs.steps.map((step) => `#!/bin/bash\nset -e\n${step.run}`),
    async remove() {
      endpoint.close();
      await rm(machine, { recursive: true, force: true });
    },
  };
}

const template = z.object({
  '.purser': z.object({
    id_tokens: z.record(z.string(), z.object({ aud: z.string() })),
    variables: z.record(z.string(), z.string()),
    before_script: z.tuple([z.string()]),
    after_script: z.tuple([z.string()]),
  }),
});

/** As GitLab's runner does it, in an image without bash: one shell up to the end of the script, another for `after_script`. */
export async function gitlabJob({ url, digests, token, audience }: CiJobOptions): Promise<CiJob> {
  const { '.purser': job } = template.parse(parse(readFileSync(join(INTEGRATIONS, 'gitlab/purser.yml'), 'utf8')));
  const machine = await mkdtemp(join(tmpdir(), 'purser-gitlab-'));
  const project = join(machine, 'group/web');
  await mkdir(project, { recursive: true });
  let status = 'success';
  const predefined: Environment = {
    ...MACHINE,
    HOME: machine,
    CI_BUILDS_DIR: machine,
    CI_PROJECT_DIR: project,
    CI_PROJECT_PATH: 'group/web',
    CI_PIPELINE_ID: '574',
    CI_JOB_ID: '302',
  };
  const environment = (registry: string): Environment => {
    const own = {
      ...job.variables,
      PURSER_URL: url,
      PURSER_PROJECT: 'demo',
      PURSER_SHA256_HELPER: digests.helper,
      PURSER_SHA256_JOB: digests.job,
      PURSER_REGISTRIES: registry,
      PURSER_REPORT: registry,
      PURSER_PURPOSE: 'PUSH',
      PURSER_AUDIENCE: audience,
    };
    const expanded = Object.entries(own).map(([name, value]) => [
      name,
      value.replace(/\$(CI_\w+)/g, (_, other: string) => predefined[other] ?? ''),
    ]);
    const tokens = Object.keys(job.id_tokens).map((name) => [name, token(audience)]);
    return { ...predefined, ...Object.fromEntries(expanded), ...Object.fromEntries(tokens), CI_JOB_STATUS: status };
  };
  let used = '';
  const script = (lines: string, then: readonly string[] = []) =>
    run(['sh', '-e', '-c', `${lines}\n${then.length > 0 ? '"$@"' : ''}`, 'job', ...then], environment(used), project);
  const after = () => script(job.after_script[0]);
  return {
    login(registry) {
      used = registry;
      return script(job.before_script[0]);
    },
    // The login has been made, and its variables are gone with its shell.
    step: (command) => script('PATH="$CI_BUILDS_DIR/purser-$CI_JOB_ID/bin:$PATH"', command),
    async report() {
      status = 'failed';
      return after();
    },
    release: after,
    keeps: (text) => isKept(machine, text),
    scripts: [...job.before_script, ...job.after_script].map((lines) => `#!/bin/sh\nset -e\n${lines}`),
    remove: () => rm(machine, { recursive: true, force: true }),
  };
}
