import { afterEach, describe, expect, it, vi } from 'vitest';
import { readSettings } from '../../src/session/settings.ts';

const SETTINGS = { version: '1', signIn: { kind: 'development' } };

function page(content: string | undefined) {
  vi.stubGlobal('document', { querySelector: () => (content === undefined ? null : { content }) });
  const asked = vi.fn(async () => Response.json({ ...SETTINGS, version: 'asked for' }));
  vi.stubGlobal('fetch', asked);
  return asked;
}

describe('the settings', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('are those in the page, which asks for nothing', async () => {
    const asked = page(JSON.stringify(SETTINGS));
    expect(await readSettings()).toEqual(SETTINGS);
    expect(asked).not.toHaveBeenCalled();
  });

  it.each([undefined, ''])('are asked for where the page has %j', async (content) => {
    const asked = page(content);
    expect((await readSettings()).version).toBe('asked for');
    expect(asked).toHaveBeenCalledOnce();
  });
});
