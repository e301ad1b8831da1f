import 'react';

declare module 'react' {
  // Custom properties are how a part hands a number to its CSS module.
  interface CSSProperties {
    [name: `--${string}`]: string | number | undefined;
  }
}
