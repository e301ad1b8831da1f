import type { MintConfig } from './credential.ts';
import { badUserInput } from './errors.ts';
import {
  MINT_SETTINGS,
  type MintKindProfile,
  type MintSetting,
  type SettingRule,
  type SettingRules,
} from './mint-kinds/profile.ts';
import { MINT_KINDS } from './mint-kinds/table.ts';
import { PROVIDERS, type RegistryProvider } from './providers/table.ts';

/** @throws PurserError BAD_USER_INPUT on `mint` */
export function checkMint(provider: RegistryProvider, mint: MintConfig): void {
  const profile: MintKindProfile = MINT_KINDS[mint.kind];
  if (!PROVIDERS[provider].mintKinds?.includes(mint.kind)) {
    throw badUserInput('mint', `${mint.kind} mints passwords for ${profile.registries} only.`);
  }
  const rules = rulesFor(mint, profile);
  for (const setting of MINT_SETTINGS) {
    const rule = rules[setting];
    const value = mint[setting] ?? null;
    const fits = value === null ? rule?.required !== true : rule?.shape.test(value) === true;
    if (!fits)
      throw badUserInput('mint', (rule ?? ruleOfOthers(setting))?.fault ?? `${setting} is not for ${mint.kind}.`);
  }
  const fault = mint.federated ? undefined : profile.settingsFault?.(mint);
  if (fault !== undefined) throw badUserInput('mint', fault);
}

function rulesFor({ kind, federated }: MintConfig, profile: MintKindProfile): SettingRules {
  if (!federated) {
    if (profile.onlyFederated) throw badUserInput('mint', `To mint passwords for ${kind}, enter ${profile.takes}.`);
    return profile.settings;
  }
  if (profile.federated === undefined) {
    throw badUserInput('mint', `federated is not for ${kind}: enter ${profile.takes}.`);
  }
  return profile.federated.settings;
}

function ruleOfOthers(setting: MintSetting): SettingRule | undefined {
  return Object.values<MintKindProfile>(MINT_KINDS)
    .flatMap(({ settings, federated }) => [settings[setting], federated?.settings[setting]])
    .find((rule) => rule !== undefined);
}
