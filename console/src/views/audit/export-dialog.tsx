import { useEffect, useRef, useState } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { formatBytes } from '../../components/format.ts';
import { ProgressBar } from '../../components/progress.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { useSession } from '../../session/session-context.tsx';
import { EXPORT } from '../../texts/audit.ts';
import styles from './export-dialog.module.css';
import { removeOldExports } from './export-file.ts';
import type { ExportFormat } from './export-request.ts';
import { type ExportOutcome, type ExportProgress, runExport } from './export-run.ts';
import type { AuditSearch } from './search.ts';

interface ExportDialogProps {
  readonly projectId: string;
  readonly search: AuditSearch;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function ExportDialog(props: ExportDialogProps) {
  useEffect(() => void removeOldExports(), []);
  return (
    <Dialog title={EXPORT.title} isOpen={props.isOpen} onClose={props.onClose}>
      <Export {...props} />
    </Dialog>
  );
}

type State =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'running'; readonly progress: ExportProgress | undefined }
  | { readonly kind: 'refused'; readonly error: Error }
  | ExportOutcome;

const FORMATS = (['ndjson', 'csv'] as const satisfies ExportFormat[]).map((id) => ({ id, ...EXPORT.formats[id] }));

/** In a part of its own: closing the dialog ends an export that runs. */
function Export({ projectId, search: { from, to }, onClose }: ExportDialogProps) {
  const { tokens } = useSession();
  const [format, setFormat] = useState<ExportFormat>('ndjson');
  const [time, setTime] = useState<'range' | 'whole'>(from === undefined && to === undefined ? 'whole' : 'range');
  const [state, setState] = useState<State>({ kind: 'choosing' });
  const running = useRef<AbortController>(null);
  useEffect(() => () => running.current?.abort(), []);

  const hasRange = from !== undefined || to !== undefined;
  const times = [
    ...(hasRange ? [{ id: 'range' as const, label: EXPORT.range(from, to), help: EXPORT.rangeHelp }] : []),
    { id: 'whole' as const, label: EXPORT.whole, help: EXPORT.wholeHelp },
  ];

  async function start(): Promise<void> {
    const controller = new AbortController();
    running.current = controller;
    setState({ kind: 'running', progress: undefined });
    try {
      const asked = { projectId, format, ...(time === 'range' && { from, to }) };
      const tell = (progress: ExportProgress) => setState({ kind: 'running', progress });
      setState(await runExport(tokens, asked, controller.signal, tell));
    } catch (error) {
      setState({ kind: 'refused', error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  const isRunning = state.kind === 'running';
  return (
    <div className={styles.export}>
      <p>{EXPORT.intro}</p>
      {!isRunning && (
        <>
          <RadioCards label={EXPORT.format} cards={FORMATS} value={format} onChange={setFormat} />
          <RadioCards label={EXPORT.time} cards={times} value={time} onChange={setTime} />
        </>
      )}
      {isRunning && (
        <ProgressBar
          label={EXPORT.runningLabel}
          said={
            state.progress === undefined
              ? ''
              : EXPORT.running(formatBytes(state.progress.bytes), formatBytes(state.progress.perSecond))
          }
        />
      )}
      <div role="status">
        {state.kind === 'done' && <Banner kind="success" title={EXPORT.done(state.name, formatBytes(state.bytes))} />}
        {state.kind === 'cancelled' && <Banner kind="info" title={EXPORT.cancelled} />}
        {state.kind === 'broken' && <Banner kind="danger" title={EXPORT.broken} />}
        {state.kind === 'refused' && <Banner kind="danger" title={state.error.message} />}
      </div>
      <div className={styles.buttons}>
        {isRunning ? (
          <Button onPress={() => running.current?.abort()}>{EXPORT.cancel}</Button>
        ) : (
          <Button kind="primary" icon="download" onPress={() => void start()}>
            {state.kind === 'choosing' ? EXPORT.start : EXPORT.again}
          </Button>
        )}
        <Button kind="quiet" onPress={onClose}>
          {EXPORT.close}
        </Button>
      </div>
    </div>
  );
}
