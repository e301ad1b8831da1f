import { DropZone, FileTrigger, Text } from 'react-aria-components';
import { Button, IconButton } from '../../components/button.tsx';
import { formatBytes } from '../../components/format.ts';
import { Icon } from '../../components/icon.tsx';
import { useFocusHandover } from '../../components/use-focus-handover.ts';
import { VERIFY } from '../../texts/audit-verify.ts';
import styles from './file-choice.module.css';

interface FileChoiceProps {
  readonly files: readonly File[];
  readonly onChange: (files: readonly File[]) => void;
}

/** By dropping, by pasting, or by the browser's own dialog. Nothing is read before the verification. */
export function FileChoice({ files, onChange }: FileChoiceProps) {
  const add = (more: readonly File[]) =>
    onChange([...files.filter(({ name }) => more.every((other) => other.name !== name)), ...more]);
  return (
    <div className={styles.choice}>
      <DropZone
        className={`${styles.zone}`}
        aria-label={VERIFY.drop}
        onDrop={({ items }) => {
          const dropped = items.flatMap((item) => (item.kind === 'file' ? [item.getFile()] : []));
          void Promise.all(dropped).then(add);
        }}
      >
        {({ isDropTarget }) => (
          <>
            <Icon name="download" size="large" />
            <Text slot="label">{isDropTarget ? VERIFY.dropHere : VERIFY.drop}</Text>
            <FileTrigger allowsMultiple onSelect={(chosen) => add([...(chosen ?? [])])}>
              <Button small>{VERIFY.choose}</Button>
            </FileTrigger>
          </>
        )}
      </DropZone>
      {files.length > 0 && (
        <ul className={styles.files} aria-label={VERIFY.files}>
          {files.map((file) => (
            <ChosenFile
              key={file.name}
              file={file}
              onRemove={() => onChange(files.filter((other) => other !== file))}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

/** The button that chooses files: the zone above has another one, for what is pasted. */
function chooseButton(row: HTMLElement): HTMLElement | undefined {
  return [...(row.closest('ul')?.previousElementSibling?.querySelectorAll('button') ?? [])].at(-1);
}

function ChosenFile({ file, onRemove }: { readonly file: File; readonly onRemove: () => void }) {
  const row = useFocusHandover<HTMLLIElement>(chooseButton);
  return (
    <li ref={row} className={styles.file}>
      <span className={styles.name}>{file.name}</span>
      <span className={styles.size}>{formatBytes(file.size)}</span>
      <IconButton icon="close" label={VERIFY.removeFile(file.name)} onPress={onRemove} />
    </li>
  );
}
