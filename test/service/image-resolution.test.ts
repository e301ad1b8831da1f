import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRegistryUrl } from '../../src/domain/registry-url.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { CREATE, ISSUE } from './operations.ts';

const RESOLVE = `query ($image: String!) {
  resolveImage(projectId: "demo", image: $image) { image url repository reason registry { url } } }`;
const OWN = ['reg.io', 'reg.io:5000', 'x.azurecr.io', 'docker.io'];

describe('the registry of an image', () => {
  let purser: TestPurser;
  beforeAll(async () => {
    purser = await startPurser();
    for (const url of OWN) {
      const username = url === 'x.azurecr.io' ? 'x' : 'ada';
      const { errors } = await purser.graphql(CREATE, { input: { url, username, password: canary('resolved') } });
      expect(errors).toBeUndefined();
    }
  });
  afterAll(() => purser?.stop());

  const resolved = async (image: string) => (await purser.graphql(RESOLVE, { image })).data.resolveImage;
  const issued = (image: string) => purser.graphql(ISSUE, { input: { image, pipeline: 'build' } });

  it.each([
    ['reg.io/team/app:1', 'reg.io', 'team/app'],
    ['https://REG.io/v2/', 'reg.io', ''],
    ['reg.io:443/app', 'reg.io', 'app'],
    ['reg.io:5000/app', 'reg.io:5000', 'app'],
    ['x.azurecr.io/app', 'x.azurecr.io', 'app'],
    ['alpine', 'docker.io', 'library/alpine'],
    ['index.docker.io/org/app', 'docker.io', 'org/app'],
  ])("of %s is the project's %s, which is what its credential is issued for", async (image, url, repository) => {
    expect(await resolved(image)).toEqual({
      image,
      url,
      repository,
      registry: { url },
      reason: expect.stringMatching(/^\S.*\. This project's registry \S+ is used\.$/),
    });
    const { data, errors } = await issued(image);
    expect(errors).toBeUndefined();
    const address = parseRegistryUrl(data.issueCredential.serverAddress, { plainHttpHosts: new Set() });
    expect(address.url).toBe(url);
  });

  it.each([
    ['reg.io.evil/app', 'reg.io.evil'],
    ['reg.io.evil.example/app', 'reg.io.evil.example'],
    ['areg.io/app', 'areg.io'],
    ['reg.io:5001/app', 'reg.io:5001'],
    ['x.azurecr.io.example.com/app', 'x.azurecr.io.example.com'],
    ['y.x.azurecr.io/app', 'y.x.azurecr.io'],
    ['docker.io.example.com/alpine', 'docker.io.example.com'],
  ])('of %s is not in the project, and nothing is issued for it', async (image, url) => {
    expect(await resolved(image)).toMatchObject({
      url,
      registry: null,
      reason: expect.stringContaining(`This project has no registry ${url}, so the image is pulled anonymously.`),
    });
    expect((await issued(image)).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('is not guessed if the text is not an image', async () => {
    for (const image of ['reg.io:5000.evil.example/app', 'ada@reg.io/app', 'reg.io//app', '']) {
      for (const { errors } of [await purser.graphql(RESOLVE, { image }), await issued(image)]) {
        expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'image' } }]);
      }
    }
  });
});
