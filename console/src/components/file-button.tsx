import { FileTrigger } from 'react-aria-components';
import { Button } from './button.tsx';

interface FileButtonProps {
  readonly children: string;
  /** Endings and media types, such as `.json`. */
  readonly accept: readonly string[];
  /** In bytes. */
  readonly largest: number;
  readonly onText: (text: string, name: string) => void;
  readonly onTooLarge: () => void;
}

/** Reads a small text file in the browser. Nothing is uploaded. */
export function FileButton({ children, accept, largest, onText, onTooLarge }: FileButtonProps) {
  async function read(files: FileList | null): Promise<void> {
    const file = files?.[0];
    if (file === undefined) return;
    if (file.size > largest) onTooLarge();
    else onText(await file.text(), file.name);
  }
  return (
    <FileTrigger acceptedFileTypes={accept} onSelect={(files) => void read(files)}>
      <Button small icon="download">
        {children}
      </Button>
    </FileTrigger>
  );
}
