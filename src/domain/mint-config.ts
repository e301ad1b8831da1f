import type { MintConfig } from './credential.ts';
import { badUserInput } from './errors.ts';
import { MINT_SETTINGS, type MintKindProfile, type MintSetting, type SettingRule } from './mint-kinds/profile.ts';
import { MINT_KINDS } from './mint-kinds/table.ts';
import { PROVIDERS, type RegistryProvider } from './providers/table.ts';

/** @throws PurserError BAD_USER_INPUT on `mint` */
export function checkMint(provider: RegistryProvider, mint: MintConfig): void {
  const { registries, settings, settingsFault }: MintKindProfile = MINT_KINDS[mint.kind];
  if (!PROVIDERS[provider].mintKinds?.includes(mint.kind)) {
    throw badUserInput('mint', `${mint.kind} mints passwords for ${registries} only.`);
  }
  for (const setting of MINT_SETTINGS) {
    const rule = settings[setting];
    const value = mint[setting];
    const fits = value === null ? rule?.required !== true : rule?.shape.test(value) === true;
    if (!fits)
      throw badUserInput('mint', (rule ?? ruleOfOtherKind(setting))?.fault ?? `${setting} is not for ${mint.kind}.`);
  }
  const fault = settingsFault?.(mint);
  if (fault !== undefined) throw badUserInput('mint', fault);
}

function ruleOfOtherKind(setting: MintSetting): SettingRule | undefined {
  return Object.values(MINT_KINDS).find(({ settings }) => settings[setting])?.settings[setting];
}
