import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { mountSecret } from './kubernetes-secret.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
/** What the Dockerfile copies into the image. */
const IMAGE = ['dist/bin', 'package.json', 'migrations', 'clients'];

const reference = z.object({ name: z.string(), key: z.string() });
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const podSpec = z.object({
  securityContext: z.object({ runAsUser: z.int(), runAsGroup: z.int(), fsGroup: z.int().optional() }),
  terminationGracePeriodSeconds: z.int(),
  containers: z.tuple([
    z.object({
      env: z.array(
        z.object({
          name: z.string(),
          value: z.string().optional(),
          valueFrom: z.object({ secretKeyRef: reference }).optional(),
        }),
      ),
      ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
      volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
      startupProbe: probe,
      livenessProbe: probe,
      readinessProbe: probe,
      lifecycle: z.object({
        preStop: z.object({ exec: z.object({ command: z.tuple([z.literal('sleep'), z.string()]) }) }),
      }),
    }),
  ]),
  volumes: z.array(
    z.object({
      name: z.string(),
      secret: z.object({ secretName: z.string(), defaultMode: z.int() }).optional(),
      configMap: z.object({ name: z.string() }).optional(),
    }),
  ),
});

export type PodSpec = z.infer<typeof podSpec>;
export const podSpecOf = (deployment: unknown): PodSpec =>
  z.object({ spec: z.object({ template: z.object({ spec: podSpec }) }) }).parse(deployment).spec.template.spec;

export interface PodSurroundings {
  /** By name, then by key. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** In place of what the manifest says: ports that are free here. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The process that a pod's only container runs: its user, its variables, its volumes, and nothing that it may write to. */
export interface PodProcess {
  readonly process: ChildProcess;
  /** What it has written so far. */
  output(): string;
  remove(): Promise<void>;
}

/** Needs root, as the kubelet does. */
export async function runPod(spec: PodSpec, surroundings: PodSurroundings): Promise<PodProcess> {
  const [container] = spec.containers;
  const { runAsUser: uid, runAsGroup: gid, fsGroup } = spec.securityContext;
  const root = await mkdtemp(join(tmpdir(), 'purser-pod-'));
  await chmod(root, 0o755);
  const image = join(root, 'app');
  for (const path of IMAGE) {
    await cp(join(REPOSITORY, path), join(image, path), { recursive: true, filter: (file) => !file.endsWith('.map') });
  }
  for (const { name, secret, configMap } of spec.volumes) {
    const folder = join(root, 'volumes', name);
    await mkdir(folder, { recursive: true });
    const data = secret ? surroundings.secrets[secret.secretName] : surroundings.configMaps[configMap?.name ?? ''];
    if ((secret || configMap) && data === undefined) throw new Error(`there is nothing for the volume ${name}`);
    await mountSecret(folder, data ?? {}, { defaultMode: secret?.defaultMode ?? 0o644, fsGroup });
  }
  const inside = (text: string) => {
    const mount = container.volumeMounts.find(({ mountPath }) => text.startsWith(`${mountPath}/`));
    return mount ? join(root, 'volumes', mount.name, text.slice(mount.mountPath.length)) : text;
  };
  const variables = container.env.map(({ name, value, valueFrom }) => {
    const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
    return [name, value === undefined ? surroundings.secrets[secret]?.[key] : inside(value)] as const;
  });
  const env = { PATH: process.env.PATH, ...Object.fromEntries(variables), ...surroundings.environment };
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/bin/purser.js', 'serve'], {
    cwd: image,
    uid,
    gid,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    process: child,
    output: () => output,
    async remove() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}
