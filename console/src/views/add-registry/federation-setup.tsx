import { Banner } from '../../components/banner.tsx';
import { CodeBlock } from '../../components/copy.tsx';
import { ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import type { EnteredRegistry } from './entered-registry.ts';
import { federationCommand } from './federation-command.ts';
import { declaredProvider, type Preset } from './presets.ts';

interface FederationSetupProps {
  readonly projectId: string;
  readonly preset: Preset;
  readonly entered: EnteredRegistry;
}

/** Nothing is stored here, so something must be set up there. */
export function FederationSetup({ projectId, preset, entered }: FederationSetupProps) {
  // Hosts of the clouds show what they are.
  const isOwnHost = preset.provider === 'QUAY' || preset.provider === 'ARTIFACTORY';
  const provider = isOwnHost ? declaredProvider([preset], preset, entered.url) : undefined;
  return (
    <div className={css.found}>
      <Banner title={TEXTS.federated}>{TEXTS.federatedHelp}</Banner>
      <CodeBlock
        code={federationCommand(projectId, entered, provider)}
        what={TEXTS.federatedCommand}
        title={TEXTS.federatedWhere}
      />
    </div>
  );
}
