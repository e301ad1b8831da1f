import { useEffect, useRef, useState } from 'react';
import { isOutcomeUnknown } from '../../api/command.ts';
import { hasCode, OfflineError } from '../../api/errors.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import type { Failure } from '../../components/failure.ts';
import { Form } from '../../components/form.tsx';
import { takesSecret } from '../../components/mint-fields.ts';
import type { SecretHandle } from '../../components/secret-field.tsx';
import { TestResult } from '../../components/test-result.tsx';
import { NOW, ROTATE, ENTER as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import type { ShownRegistry } from '../registry/shown-registry.ts';
import { CredentialFields } from './credential-fields.tsx';
import { credentialDraft, credentialInput, type EnteredCredential } from './entered-credential.ts';
import { ImmediateConsequences } from './immediate-consequences.tsx';
import { Overtaken } from './overtaken.tsx';
import { ROTATE as ROTATE_AT_ONCE, STAGE } from './rotation-operations.ts';
import { isOvertaken } from './rotation-position.ts';
import type { StepProps } from './step-props.ts';
import { useEnteredTest } from './use-entered-test.ts';

interface EnterStepProps extends StepProps {
  readonly isImmediate?: boolean;
  /** Told whether there is something that a reader would have to enter again. */
  readonly onBegun?: (isBegun: boolean) => void;
}

/** Enters the next version: to be staged, or `isImmediate`, to replace the current one. */
export function EnterStep({ registry, onGo, isImmediate = false, onBegun }: EnterStepProps) {
  const { projectId, id } = registry;
  // The registry as the reader saw it on beginning: what somebody else does meanwhile must not be replaced unseen.
  const [begun, setBegun] = useState<{ readonly base: ShownRegistry; readonly entered: EnteredCredential }>();
  const { base, entered } = begun ?? { base: registry, entered: credentialDraft(registry.mint) };
  const { mint, revision } = base;
  const begin = (change: Partial<EnteredCredential> = {}) => setBegun({ base, entered: { ...entered, ...change } });
  const isBegun = begun !== undefined;
  useEffect(() => {
    onBegun?.(isBegun);
    return () => onBegun?.(false);
  }, [isBegun, onBegun]);
  const [verify, setVerify] = useState(true);
  const [refuse, setRefuse] = useState(false);
  const [isEmpty, setEmpty] = useState(false);
  const secret = useRef<SecretHandle>(null);
  const test = useEnteredTest(base);
  const withKey = <Sent extends { input: object }>(sent: Sent, idempotencyKey: string): Sent => ({
    ...sent,
    input: { ...sent.input, idempotencyKey },
  });
  const stage = useCommand(STAGE, { withKey, goOn: () => onGo({}) });
  const rotate = useCommand(ROTATE_AT_ONCE, {
    withKey,
    goOn: ({ rotateCredential: { registry: rotated } }) => onGo({ activated: rotated.credential.version }),
  });
  const { data, error, isPending } = isImmediate ? rotate : stage;
  // While it is, the same must be sent again: it has the same key. Another one would be carried out beside it.
  const isUnknown = isOutcomeUnknown(error);
  const isConflict = hasCode(error, 'REVISION_CONFLICT');
  const isOpen = isBegun && !isPending && !isUnknown && data === undefined;

  /** What is to be sent; undefined if the secret is missing, which is said at its field. */
  function inputNow() {
    const typed = secret.current?.read() ?? '';
    const isMissing = takesSecret(entered.choice) && typed.trim() === '';
    setEmpty(isMissing);
    if (!isMissing) return credentialInput(entered, mint, typed);
    secret.current?.focus();
    return undefined;
  }

  function send(): void {
    const input = inputNow();
    if (input === undefined || isPending) return;
    begin();
    test.forget();
    if (isImmediate) {
      const whenInUse = refuse ? ('REFUSE' as const) : ('PROCEED' as const);
      rotate.mutate({ projectId, id, input: { ...input, verify, whenInUse, expectedRevision: revision } });
    } else stage.mutate({ projectId, id, input: { ...input, expectedRevision: revision } });
    secret.current?.clear();
  }

  /** What was entered is for the registry as it is now. */
  function startOver(): void {
    setBegun({ base: registry, entered });
    stage.reset();
    rotate.reset();
    secret.current?.focus();
  }

  /** It stays in the field: the same is about to be stored. */
  function tryIt(): void {
    const input = inputNow();
    if (input !== undefined) test.run(input, entered.choice);
  }

  return (
    <Card {...(isImmediate && { title: NOW.title })}>
      <div className={css.form}>
        <Form
          onSubmit={send}
          error={failureOf(error ?? test.error)}
          aria-label={isImmediate ? NOW.title : TEXTS.title}
          actions={
            <>
              <Button type="submit" kind={isImmediate ? 'danger' : 'primary'} isPending={isPending}>
                {isImmediate ? NOW.go : TEXTS.stage(TEXTS.next)}
              </Button>
              <Button onPress={tryIt} isPending={test.isPending}>
                {TEXTS.test}
              </Button>
              <Button kind="quiet" onPress={() => onGo(isImmediate ? { step: 'enter' } : {})}>
                {isImmediate ? NOW.guided : ROTATE.back}
              </Button>
            </>
          }
        >
          {isImmediate ? <ImmediateConsequences registry={registry} /> : <p className={css.soft}>{TEXTS.keeps}</p>}
          <CredentialFields
            registry={base}
            entered={entered}
            onChange={(change) => {
              begin(change);
              test.forget();
            }}
            secret={secret}
            secretError={isEmpty ? TEXTS.empty : undefined}
            onFilled={(isFilled) => {
              if (!isFilled) return;
              begin();
              setEmpty(false);
            }}
          />
          {isImmediate && (
            <>
              <Checkbox isSelected={verify} onChange={setVerify}>
                {NOW.verify}
              </Checkbox>
              <Checkbox isSelected={refuse} onChange={setRefuse}>
                {NOW.refuse}
              </Checkbox>
            </>
          )}
          {test.found && (
            <section aria-live="polite" className={css.stack}>
              <h3>{TEXTS.tested}</h3>
              <TestResult health={test.found} />
            </section>
          )}
          {isUnknown && <Banner kind="warning" title={TEXTS.lost} />}
          {isOpen && (isConflict || isOvertaken(base.credential, registry.credential)) && (
            <Overtaken credential={registry.credential} onGoOn={startOver} />
          )}
        </Form>
      </div>
    </Card>
  );
}

/** What the network lost has its own sentence. */
function failureOf(error: Error | null): Failure | null {
  return error instanceof OfflineError ? null : error;
}
