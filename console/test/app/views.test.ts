import { describe, expect, it } from 'vitest';
import { viewAt } from '../../src/app/views.ts';

describe('the view whose code is loaded while somebody signs in', () => {
  it.each([
    ['/', 'overview'],
    ['/sign-in', 'overview'],
    ['/signed-in', 'overview'],
    ['/projects/demo', 'overview'],
    ['/projects/demo/', 'overview'],
    ['/projects/demo/registries', 'registries'],
    ['/projects/demo/registries/new', 'addRegistry'],
    ['/projects/demo/registries/7c9e', 'registry'],
    ['/projects/demo/registries/7c9e/rotate', 'rotate'],
    ['/projects/demo/audit', 'audit'],
    ['/projects/demo/audit/verify', undefined],
    ['/projects', undefined],
    ['/projects/demo/nothing', undefined],
  ])('is at %s %s', (pathname, view) => {
    expect(viewAt(pathname)).toBe(view);
  });
});
