import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { Button, TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { ProgressBar } from '../../components/progress.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { ErrorState } from '../../components/states.tsx';
import { useSession } from '../../session/session-context.tsx';
import { KEYS, REFUSALS, VERIFY } from '../../texts/audit-verify.ts';
import styles from './audit-verify-view.module.css';
import { FileChoice } from './file-choice.tsx';
import { KeyChoice } from './key-choice.tsx';
import { LimitFields } from './limit-fields.tsx';
import { Result } from './result.tsx';
import { type Asked, verify } from './start.ts';
import { useKeys } from './use-keys.ts';
import type { VerificationProgress } from './verification/run.ts';
import type { VerificationResult } from './verifier.ts';

const route = getRouteApi('/projects/$projectId/audit/verify');

type Run =
  | { readonly kind: 'idle' | 'cancelled' }
  | { readonly kind: 'running'; readonly progress: VerificationProgress | undefined; readonly began: number }
  | { readonly kind: 'ended'; readonly asked: Asked; readonly result: VerificationResult; readonly seconds: number }
  | { readonly kind: 'broken'; readonly error: Error };

const SUBJECTS = (['live', 'files'] as const).map((id) => ({ id, ...VERIFY.subjects[id] }));

export function AuditVerifyView() {
  const { projectId } = route.useParams();
  const api = useApi();
  const { tokens } = useSession();
  const keys = useKeys(projectId);
  const [subject, setSubject] = useState<'live' | 'files'>('live');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [limits, setLimits] = useState<Pick<Asked, 'from' | 'to'>>({ from: null, to: null });
  const [run, setRun] = useState<Run>({ kind: 'idle' });
  const controller = useRef<AbortController>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => () => controller.current?.abort(), []);

  async function start(asked: Asked): Promise<void> {
    const own = new AbortController();
    controller.current?.abort();
    controller.current = own;
    const began = performance.now();
    setRun({ kind: 'running', progress: undefined, began });
    try {
      const tell = (progress: VerificationProgress) => setRun({ kind: 'running', progress, began });
      const result = await verify({ api, tokens }, asked, own.signal, tell);
      if (!own.signal.aborted) {
        setRun({ kind: 'ended', asked, result, seconds: (performance.now() - began) / 1000 });
      }
    } catch (error) {
      if (own.signal.aborted) return setRun({ kind: 'cancelled' });
      setRun({ kind: 'broken', error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  const asked = (part: Pick<Asked, 'from' | 'to'> = limits): Asked => ({
    projectId,
    files: subject === 'live' ? undefined : files,
    ...(subject === 'live' ? { from: null, to: null } : part),
    publicKeys: keys.chosen.map(({ publicKey }) => publicKey),
  });

  const isRunning = run.kind === 'running';
  const isReady = subject === 'live' || files.length > 0;
  return (
    <Page
      title={VERIFY.title}
      intro={VERIFY.intro}
      back={<TextLink href={projectHref(projectId, 'audit')}>{VERIFY.back}</TextLink>}
    >
      <div className={styles.view}>
        <div className={styles.form}>
          <Card>
            <form
              ref={form}
              className={styles.choices}
              onSubmit={(event) => {
                event.preventDefault();
                void start(asked());
              }}
            >
              <RadioCards label={VERIFY.subject} cards={SUBJECTS} value={subject} onChange={setSubject} />
              {subject === 'files' && (
                <>
                  <FileChoice files={files} onChange={setFiles} />
                  <LimitFields limits={limits} onChange={setLimits} />
                </>
              )}
              <div className={styles.buttons}>
                {isRunning ? (
                  <Button onPress={() => controller.current?.abort()}>{VERIFY.cancel}</Button>
                ) : (
                  <Button
                    kind="primary"
                    icon="shield"
                    isDisabled={!isReady || keys.isPending}
                    // Not of the type that submits: a moment later, and a moment before, it is the one that cancels.
                    onPress={() => form.current?.requestSubmit()}
                  >
                    {run.kind === 'idle' ? VERIFY.start : VERIFY.again}
                  </Button>
                )}
              </div>
            </form>
          </Card>
          <Card title={KEYS.title}>
            <KeyChoice keys={keys} />
          </Card>
        </div>
        {isRunning && <Progress {...run} total={subject === 'files' ? sizeOf(files) : undefined} />}
        <div className={styles.outcome}>
          {run.kind === 'cancelled' && <Banner kind="info" title={VERIFY.cancelled} />}
          {run.kind === 'broken' && <ErrorState title={VERIFY.failed} error={run.error} />}
          {run.kind === 'ended' && run.result.kind === 'failed' && (
            <Banner kind="danger" title={VERIFY.failed}>
              {run.result.message}
            </Banner>
          )}
          {run.kind === 'ended' && run.result.kind === 'refused' && (
            <Banner kind="warning" title={REFUSALS[run.result.reason]}>
              {run.result.file}
            </Banner>
          )}
          {run.kind === 'ended' && run.result.kind === 'done' && (
            <Result
              report={run.result.report}
              asked={run.asked}
              seconds={run.seconds}
              keys={keys.offered}
              onConfirmPart={(part) => {
                setLimits(part);
                void start(asked(part));
              }}
            />
          )}
        </div>
      </div>
    </Page>
  );
}

function sizeOf(files: readonly File[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

interface ProgressProps {
  readonly progress: VerificationProgress | undefined;
  readonly began: number;
  readonly total: number | undefined;
}

function Progress({ progress, began, total }: ProgressProps) {
  const seconds = (performance.now() - began) / 1000;
  const said =
    progress === undefined
      ? VERIFY.starting
      : VERIFY.progress(progress.entries, Math.round(progress.entries / Math.max(seconds, 0.001)));
  return (
    <Card>
      <ProgressBar
        label={VERIFY.running}
        said={said}
        {...(total !== undefined && progress !== undefined && { value: progress.bytes, max: total })}
      />
    </Card>
  );
}
