import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import clients from '../../../docs/clients.md?raw';
import github from '../../../integrations/github/action.yml?raw';
import gitlab from '../../../integrations/gitlab/purser.yml?raw';
import externalSecrets from '../../../integrations/kubernetes/external-secrets/pull-secret.yaml?raw';
import kubelet from '../../../integrations/kubernetes/kubelet/credential-provider-config.yaml?raw';
import recipes from '../../../integrations/recipes.md?raw';
import woodpecker from '../../../integrations/woodpecker/server.env?raw';
import { flowText, queryText, shellWord, yamlText } from '../../src/views/registry/quoting.ts';
import { CLIENTS, type SnippetValues, snippetsFor } from '../../src/views/registry/snippets.ts';

const DOCUMENTED: SnippetValues = {
  purserUrl: 'https://purser.example.com',
  projectId: 'demo',
  registry: 'ghcr.io',
  access: 'PULL_AND_PUSH',
};

/** What is tried by the tests of the integrations, or stands in the documentation of clients. */
const TRIED = [clients, recipes, github, gitlab, woodpecker, externalSecrets, kubelet];

/** Lines that say the same as the documentation about this registry alone, or in a shorter way. */
const OWN_LINES = [
  'export PURSER_URL=https://purser.example.com',
  '{ "credHelpers": { "ghcr.io": "purser" } }',
  'export PURSER_URL=https://purser.example.com PURSER_PROJECT=demo',
  'export PURSER_PIPELINE=web/deploy PURSER_RUN_ID=1742 PURSER_TOKEN_FILE=/run/secrets/purser-token',
  'PURSER_PURPOSE=PUSH docker push ghcr.io/team/app:1',
  `echo '{"credHelpers":{"ghcr.io":"purser"}}' > "$REGISTRY_AUTH_FILE"`,
  'podman push ghcr.io/team/app:1',
  'key: ghcr.io',
  'registries: ghcr.io',
  '- run: docker push ghcr.io/team/app:1',
  'variables: { PURSER_REGISTRIES: ghcr.io, PURSER_PURPOSE: PUSH }',
  'script: [docker push ghcr.io/team/app:1]',
  'PURSER_SHA256_HELPER: <SHA-256>',
  'WOODPECKER_REGISTRY_EXTENSION_ENDPOINT=https://purser.example.com/v1/woodpecker?project=demo&registries=ghcr.io',
];

const textsOf = (values: SnippetValues) => CLIENTS.flatMap((client) => snippetsFor(client, values));

describe('the snippets of a registry', () => {
  it('say line by line what the tried integrations and their documentation say', () => {
    const tried = new Set(TRIED.flatMap((text) => text.split('\n')).map((line) => line.replace(/^# ?/, '').trim()));
    const unknown = textsOf(DOCUMENTED)
      .flatMap(({ text }) => text.split('\n'))
      .map((line) => line.trim())
      .filter((line) => !tried.has(line) && !OWN_LINES.includes(line));
    expect(unknown).toEqual([]);
  });

  it('name Docker Hub by the key that docker looks up, and the others by their host', () => {
    const config = (registry: string) => {
      const text = snippetsFor('docker', { ...DOCUMENTED, registry }).find(({ name }) => name === 'dockerConfig')?.text;
      return JSON.parse(text ?? '').credHelpers;
    };
    expect(config('docker.io')).toEqual({ 'https://index.docker.io/v1/': 'purser', 'docker.io': 'purser' });
    expect(config('localhost:5000')).toEqual({ 'localhost:5000': 'purser' });
  });

  it('only pull where the credential is for pulling', () => {
    const texts = textsOf({ ...DOCUMENTED, access: 'PULL' }).map(({ text }) => text);
    expect(texts.join('\n')).not.toMatch(/push/i);
    expect(texts.join('\n')).toContain('docker pull ghcr.io/team/app:1');
  });

  it.each([
    { projectId: 'true', registry: 'localhost:5000' },
    { projectId: '42', registry: '[::1]:5000' },
    { projectId: `a: b & #c 'd' "e"`, registry: 'registry.example.com' },
  ])('are YAML that is read as the values were meant: $projectId, $registry', ({ projectId, registry }) => {
    const values: SnippetValues = { ...DOCUMENTED, projectId, registry };
    const read = (client: 'github' | 'gitlab') => parse(snippetsFor(client, values)[0]?.text ?? '');
    const [, , login] = read('github').steps.slice(0, 3).concat();
    const { with: inputs } = read('github').steps[1];
    expect(inputs).toMatchObject({ project: projectId, registries: registry });
    expect(login).toEqual({ run: `docker push ${registry}/team/app:1` });
    const gitlab = read('gitlab');
    expect(gitlab.variables.PURSER_PROJECT).toBe(projectId);
    expect(gitlab.push.script).toEqual([`docker push ${registry}/team/app:1`]);
    expect(gitlab.push.variables.PURSER_REGISTRIES).toBe(registry);

    const [secrets, kubelet] = snippetsFor('kubernetes', values);
    const [store, secret] = parseAllDocuments(secrets?.text ?? '').map((document) => document.toJS());
    const url = new URL(store.spec.provider.webhook.url);
    expect(url.searchParams.get('project')).toBe(projectId);
    expect(secret.spec.data[0].remoteRef.key).toBe(registry);
    const [provider] = parse(kubelet?.text ?? '').providers;
    expect(provider.matchImages).toEqual([registry]);
    expect(provider.env[1]).toEqual({ name: 'PURSER_PROJECT', value: projectId });
  });
});

describe('quoting', () => {
  it('leaves plain words alone', () => {
    for (const quote of [shellWord, yamlText, queryText])
      expect(quote('registry.example.com')).toBe('registry.example.com');
    expect(flowText('docker push ghcr.io/team/app:1')).toBe('docker push ghcr.io/team/app:1');
  });

  it('makes one word of a shell of anything', () => {
    expect(shellWord("it's; $HOME")).toBe(`'it'\\''s; $HOME'`);
  });

  it('keeps text text in YAML', () => {
    for (const text of ['yes', 'Null', '1e3', 'a: b', '# no', '', '- a', '2026-01-01']) {
      expect(parse(`a: ${yamlText(text)}`)).toEqual({ a: text });
    }
  });

  it('keeps a value within its part of a query', () => {
    expect(new URL(`https://a.example/?p=${queryText('a&b=c#d+e f')}&q=1`).searchParams.get('p')).toBe('a&b=c#d+e f');
  });
});
