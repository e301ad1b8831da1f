import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Button } from '../../components/button.tsx';
import { classNames } from '../../components/class-names.ts';
import { Icon } from '../../components/icon.tsx';
import { EmptyState } from '../../components/states.tsx';
import { SearchField } from '../../components/text-field.tsx';
import { ADD_REGISTRY as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import { findPresets, hostOf, isHost, otherPreset, type Preset } from './presets.ts';

interface PresetTableProps {
  readonly presets: readonly Preset[];
  readonly onChoose: (preset: Preset) => void;
  /** A host that was searched for. */
  readonly onHost: (host: string) => void;
}

/** The common registries as cards; what is searched for may as well be any host. */
export function PresetTable({ presets, onChoose, onHost }: PresetTableProps) {
  const [search, setSearch] = useState('');
  const other = otherPreset(presets);
  const found = findPresets(presets, search).filter((preset) => preset !== other);
  const host = isHost(search) ? hostOf(search) : undefined;
  return (
    <>
      <div className={css.search}>
        <SearchField label={TEXTS.search} value={search} onChange={setSearch} pause={80} />
      </div>
      {found.length === 0 && (
        <EmptyState
          icon="search"
          title={TEXTS.nothing}
          action={host !== undefined && <Button onPress={() => onHost(host)}>{TEXTS.hostAction(host)}</Button>}
        >
          {TEXTS.nothingHelp}
        </EmptyState>
      )}
      <ul className={css.cards} aria-label={TEXTS.table}>
        {found.map((preset) => (
          <PresetCard
            key={preset.name}
            name={preset.name}
            detail={preset.urlPatterns.join(', ')}
            isCode
            onPress={() => onChoose(preset)}
          />
        ))}
        {other !== undefined && (
          <PresetCard name={TEXTS.other} detail={TEXTS.otherHelp} onPress={() => onChoose(other)} />
        )}
      </ul>
    </>
  );
}

interface PresetCardProps {
  readonly name: string;
  readonly detail: string;
  readonly isCode?: boolean;
  readonly onPress: () => void;
}

function PresetCard({ name, detail, isCode = false, onPress }: PresetCardProps) {
  return (
    <li className={css.item}>
      <AriaButton className={classNames(css.card)} onPress={onPress}>
        <span className={css.words}>
          <span className={css.name}>{name}</span>
          <span className={classNames(css.detail, isCode && css.code)}>{detail}</span>
        </span>
        <Icon name="chevron-right" />
      </AriaButton>
    </li>
  );
}
