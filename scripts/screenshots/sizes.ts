/** Of the window, in pixels. */
export const SIZES = [
  { width: 360, height: 780 },
  { width: 1024, height: 768 },
  { width: 1920, height: 1080 },
] as const;

export const THEMES = ['light', 'dark'] as const;
