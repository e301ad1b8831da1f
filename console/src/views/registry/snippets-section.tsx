import { useState } from 'react';
import { projectHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CodeBlock } from '../../components/copy.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { SNIPPETS as TEXTS } from '../../texts/registry-history.ts';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';
import { CLIENTS, type SnippetClient, snippetsFor } from './snippets.ts';

/** Those that a trust rule lets in. */
const BY_RULE: readonly SnippetClient[] = ['kubernetes', 'github', 'gitlab', 'woodpecker'];

export function SnippetsSection({ registry }: { registry: ShownRegistry }) {
  const { projectId, url, access, caCertificate } = registry;
  const { can } = usePermissions(projectId);
  const [client, setClient] = useState<SnippetClient>('docker');
  const snippets = snippetsFor(client, { purserUrl: location.origin, projectId, registry: url, access });
  return (
    <Card title={TEXTS.title}>
      <div className={css.stack}>
        <p className={css.soft}>{TEXTS.intro}</p>
        <RadioCards
          label={TEXTS.client}
          value={client}
          onChange={setClient}
          width={10}
          cards={CLIENTS.map((id) => ({ id, label: TEXTS.clients[id] }))}
        />
        {snippets.map(({ name, text }) => (
          <CodeBlock key={name} title={TEXTS.names[name]} what={TEXTS.names[name]} code={text} />
        ))}
        <p className={css.soft}>{TEXTS.placeholders}</p>
        <p>
          {TEXTS.notes[client]}{' '}
          {BY_RULE.includes(client) && can('trust:read') && (
            <TextLink href={projectHref(projectId, 'trust')}>{TEXTS.rules}</TextLink>
          )}
        </p>
        {caCertificate !== null && <Banner title={TEXTS.ca} />}
      </div>
    </Card>
  );
}
