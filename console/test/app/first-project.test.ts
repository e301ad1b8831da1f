import { afterEach, describe, expect, it, vi } from 'vitest';
import { firstProject } from '../../src/app/last-project.ts';

const viewer = (...ids: string[]) => ({
  subject: 'ada',
  issuer: 'https://id.example',
  projects: ids.map((id) => ({ id, permissions: [] })),
});
const openedLast = (id: string | null) => vi.stubGlobal('localStorage', { getItem: () => id });

describe('where somebody begins', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is the only project, whatever was open before', () => {
    openedLast('other');
    expect(firstProject(viewer('demo'))).toBe('demo');
  });

  it('is the project that was open last, if the token still names it; else they choose', () => {
    openedLast('b');
    expect(firstProject(viewer('a', 'b'))).toBe('b');
    expect(firstProject(viewer('a', 'c'))).toBeUndefined();
    openedLast(null);
    expect(firstProject(viewer('a', 'b'))).toBeUndefined();
  });
});
