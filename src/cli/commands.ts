import { archive } from './archive.ts';
import { auditExport } from './audit-export.ts';
import { auditVerify } from './audit-verify.ts';
import { backup } from './backup.ts';
import type { Command } from './command.ts';
import { completionOf } from './completion.ts';
import { consoleLink } from './console-link.ts';
import { copyLog } from './copy-log.ts';
import { doctor } from './doctor.ts';
import { federationExport } from './federation-export.ts';
import { federationRotateKey } from './federation-rotate-key.ts';
import { keysAdd } from './keys-add.ts';
import { keysList } from './keys-list.ts';
import { keysPromote } from './keys-promote.ts';
import { keysRetire } from './keys-retire.ts';
import { keysRewrap } from './keys-rewrap.ts';
import { rebuild } from './rebuild.ts';
import { importLogins } from './remote/import.ts';
import { issue } from './remote/issue.ts';
import { leases } from './remote/leases.ts';
import { notices } from './remote/notices.ts';
import { registriesActivate } from './remote/registries-activate.ts';
import { registriesAdd } from './remote/registries-add.ts';
import { registriesDelete } from './remote/registries-delete.ts';
import { registriesList } from './remote/registries-list.ts';
import { registriesRotate } from './remote/registries-rotate.ts';
import { registriesStage } from './remote/registries-stage.ts';
import { registriesTest } from './remote/registries-test.ts';
import { trustCheck } from './remote/trust-check.ts';
import { trustCreate } from './remote/trust-create.ts';
import { trustDelete } from './remote/trust-delete.ts';
import { trustList } from './remote/trust-list.ts';
import { trustPresets } from './remote/trust-presets.ts';
import { trustUpdate } from './remote/trust-update.ts';
import { restore } from './restore.ts';
import { serve } from './serve.ts';
import { token } from './token.ts';

/** All commands of the program, by one word or two. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  serve,
  token,
  'console-link': consoleLink,
  rebuild,
  backup,
  restore,
  archive,
  doctor,
  'copy-log': copyLog,
  'keys add': keysAdd,
  'keys list': keysList,
  'keys promote': keysPromote,
  'keys rewrap': keysRewrap,
  'keys retire': keysRetire,
  'federation export': federationExport,
  'federation rotate-key': federationRotateKey,
  'audit export': auditExport,
  'audit verify': auditVerify,
  'registries list': registriesList,
  'registries add': registriesAdd,
  'registries test': registriesTest,
  'registries stage': registriesStage,
  'registries activate': registriesActivate,
  'registries rotate': registriesRotate,
  'registries delete': registriesDelete,
  issue,
  leases,
  notices,
  import: importLogins,
  'trust list': trustList,
  'trust presets': trustPresets,
  'trust create': trustCreate,
  'trust update': trustUpdate,
  'trust delete': trustDelete,
  'trust check': trustCheck,
  completion: completionOf(() => COMMANDS),
};
