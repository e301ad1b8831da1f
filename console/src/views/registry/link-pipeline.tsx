import { useState } from 'react';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Form } from '../../components/form.tsx';
import { TextArea, TextField } from '../../components/text-field.tsx';
import { useToasts } from '../../components/toast.tsx';
import { PIPELINES as TEXTS } from '../../texts/registry.ts';
import type { PipelineUse } from './pipelines-section.tsx';
import type { ShownRegistry } from './shown-registry.ts';
import { LINK_PIPELINE } from './usage-operations.ts';

interface LinkPipelineProps {
  readonly registry: ShownRegistry;
  /** Whose link it is; undefined for one that is named here. */
  readonly use: PipelineUse | undefined;
  readonly onClose: () => void;
}

/** No `expectedRevision`: a link overwrites nothing but the note of the same pipeline. */
export function LinkPipeline({ registry: { projectId, id }, use, onClose }: LinkPipelineProps) {
  const [pipeline, setPipeline] = useState(use?.pipeline ?? '');
  const [note, setNote] = useState(use?.note ?? '');
  const toasts = useToasts();
  const link = useCommand(LINK_PIPELINE, {
    onSuccess: () => {
      onClose();
      toasts.done(TEXTS.done(pipeline.trim()));
    },
  });
  const send = () =>
    link.mutate({
      projectId,
      id,
      input: { pipeline: pipeline.trim(), ...(note.trim() !== '' && { note: note.trim() }) },
    });
  return (
    <Dialog title={use?.linked ? TEXTS.relink : TEXTS.linkTitle} isOpen onClose={onClose}>
      <Form
        onSubmit={send}
        error={link.error}
        aria-label={TEXTS.linkTitle}
        actions={
          <>
            <Button type="submit" kind="primary" isPending={link.isPending} isDisabled={pipeline.trim() === ''}>
              {use?.linked ? TEXTS.saveNote : TEXTS.save}
            </Button>
            <Button onPress={onClose}>{TEXTS.cancel}</Button>
          </>
        }
      >
        <TextField
          label={TEXTS.pipeline}
          name="pipeline"
          value={pipeline}
          onChange={setPipeline}
          isReadOnly={use !== undefined}
          help={TEXTS.pipelineHelp}
          maxLength={255}
          autoFocus={use === undefined}
          mono
        />
        <TextArea
          label={TEXTS.note}
          name="note"
          optional
          value={note}
          onChange={setNote}
          help={TEXTS.noteHelp}
          rows={3}
          maxLength={500}
          autoFocus={use !== undefined}
        />
      </Form>
    </Dialog>
  );
}
