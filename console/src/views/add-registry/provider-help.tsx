import type { RegistryAccess } from '../../api/generated/graphql.ts';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import type { MintChoice } from '../../components/mint-fields.ts';
import { ADD_REGISTRY, RIGHTS, PROVIDER_HELP as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import type { Preset } from './presets.ts';

interface ProviderHelpProps {
  readonly preset: Preset;
  readonly choice: MintChoice;
  readonly access: RegistryAccess;
}

/** Which user name, which kind of secret, which rights, and where the provider explains it. It follows what is entered. */
export function ProviderHelp({ preset, choice, access }: ProviderHelpProps) {
  const { provider, name, username, password, urlPatterns, documentation } = preset;
  const rights = RIGHTS[provider]?.[access];
  return (
    <Card title={TEXTS.title}>
      <div className={css.help}>
        <dl className={css.terms}>
          <div>
            <dt>{ADD_REGISTRY.urls}</dt>
            <dd className={css.code}>{urlPatterns.join(', ')}</dd>
          </div>
          {choice === 'password' && (
            <>
              <div>
                <dt>{TEXTS.username}</dt>
                <dd>{username}</dd>
              </div>
              <div>
                <dt>{TEXTS.password}</dt>
                <dd>{password}</dd>
              </div>
            </>
          )}
          {rights !== undefined && (
            <div>
              <dt>{TEXTS.rights}</dt>
              <dd>{rights}</dd>
            </div>
          )}
        </dl>
        {documentation !== null && (
          <TextLink href={documentation} external>
            {TEXTS.guide(name)}
          </TextLink>
        )}
      </div>
    </Card>
  );
}
