import { Banner } from '../src/components/banner.tsx';
import { Button } from '../src/components/button.tsx';
import { Card } from '../src/components/card.tsx';
import { CodeBlock } from '../src/components/copy.tsx';
import { Pager } from '../src/components/pager.tsx';
import { Meter, ProgressBar } from '../src/components/progress.tsx';
import { EmptyState, ErrorState, LoadingState, OfflineState } from '../src/components/states.tsx';
import css from './gallery.module.css';

export function Messages() {
  return (
    <div className={css.columns}>
      <div className={css.stack}>
        <Banner title="A new version of the service runs">Reload to get the console that belongs to it.</Banner>
        <Banner kind="success" title="The login works" onClose={() => undefined} />
        <Banner kind="warning" title="2 tokens end this week" action={<Button small>See them</Button>} />
        <Banner kind="danger" title="The registry refuses the login">
          The password was changed there.
        </Banner>
        <CodeBlock
          title="podman"
          what="the command for podman"
          code={
            'export REGISTRY_AUTH_FILE="$(mktemp)"\npodman login ghcr.io --username acme-bot --password-stdin < <(purser-job password ghcr.io/acme)'
          }
        />
        <ProgressBar label="Verifying" value={30} said="120 of 400 entries" />
        <ProgressBar label="Waiting" />
        <Meter label="Life of the credential" value={82} said="82 of 90 days" tone="attention" />
      </div>
      <Card flush>
        <EmptyState
          title="No registry yet"
          action={
            <Button kind="primary" icon="add">
              Add registry
            </Button>
          }
        >
          Add the registry that your pipelines pull from, then link them.
        </EmptyState>
        <Pager what="entries" total={12_345} onOlder={() => undefined} />
      </Card>
      <Card flush>
        <ErrorState
          error={{ message: 'The database cannot be written at the moment.', code: 'UNAVAILABLE', requestId: '01HZX3' }}
          onRetry={() => undefined}
        />
      </Card>
      <Card flush>
        <OfflineState onRetry={() => undefined} />
        <LoadingState what="notices" />
      </Card>
    </div>
  );
}
