import { describe, expect, it } from 'vitest';
import {
  declaredProvider,
  findPresets,
  isHost,
  onlyUrlOf,
  type Preset,
  presetOfHost,
} from '../../src/views/add-registry/presets.ts';

function preset(provider: Preset['provider'], name: string, ...urlPatterns: string[]): Preset {
  return { provider, name, urlPatterns, username: '', fixedUsername: null, password: '', documentation: null };
}

const HUB = preset('DOCKER_HUB', 'Docker Hub', 'docker.io');
const GITHUB = preset('GITHUB', 'GitHub Enterprise', 'containers.<tenant>.ghe.com', 'containers.<your GitHub host>');
const GOOGLE = preset('GOOGLE', 'Google Artifact Registry', '<location>-docker.pkg.dev');
const HARBOR = preset('HARBOR', 'Harbor', '<your Harbor host>');
const OTHER = preset('GENERIC', 'Other registry', 'registry.example.com', 'registry.example.com:5000');
const TABLE = [HUB, GITHUB, GOOGLE, HARBOR, OTHER];

describe('the table of common registries', () => {
  it('tells the kind of a registry by its host, in any spelling, and nothing of hosts that could be any', () => {
    expect(presetOfHost(TABLE, 'https://Docker.io/library')).toBe(HUB);
    expect(presetOfHost(TABLE, 'containers.acme.ghe.com')).toBe(GITHUB);
    expect(presetOfHost(TABLE, 'europe-west1-docker.pkg.dev/shop/images')).toBe(GOOGLE);
    for (const url of ['', 'harbor.example.com', 'docker.io:5000', 'evil-docker.pkg.dev.example.com', 'dockerXio']) {
      expect(presetOfHost(TABLE, url), url).toBeUndefined();
    }
    expect(presetOfHost(TABLE, 'registry.example.com')).toBeUndefined();
  });

  it('is searched by words of names and URLs, and by whole hosts', () => {
    expect(findPresets(TABLE, 'HUB docker')).toEqual([HUB]);
    expect(findPresets(TABLE, 'us-docker.pkg.dev')).toEqual([GOOGLE]);
    expect(findPresets(TABLE, 'nexus.example.org')).toEqual([]);
    expect(findPresets(TABLE, ' ')).toEqual(TABLE);
  });

  it('takes a text for a host only if it can be one', () => {
    expect(['nexus.example.org', 'localhost:5000', 'https://r.example.com:8443/v2/'].every(isHost)).toBe(true);
    expect(['nexus', 'a b.example.com', ''].some(isHost)).toBe(false);
  });

  it('fills in a URL only where there is one', () => {
    expect(TABLE.map(onlyUrlOf)).toEqual(['docker.io', '', '', '', '']);
  });

  it('declares what a person chose, unless the host shows another or nothing was chosen', () => {
    expect(declaredProvider(TABLE, HARBOR, 'registry.acme.com')).toBe('HARBOR');
    expect(declaredProvider(TABLE, HARBOR, 'docker.io')).toBeUndefined();
    expect(declaredProvider(TABLE, OTHER, 'registry.acme.com')).toBeUndefined();
    // So that the service says that this is none of Google's.
    expect(declaredProvider(TABLE, GOOGLE, 'registry.acme.com')).toBe('GOOGLE');
  });
});
