import { Card, KeyValueList } from '../../components/card.tsx';
import { MINT_FIELD_NAMES, type MintSettings } from '../../components/mint-fields.ts';
import { CREDENTIAL, MINT_FIELD_LABELS, MINT_KIND_NAMES } from '../../texts/registry.ts';

const TEXTS = CREDENTIAL.mint;

export function MintCard({ mint }: { mint: MintSettings }) {
  return (
    <Card title={TEXTS.title}>
      <KeyValueList
        entries={[
          { label: TEXTS.kind, value: MINT_KIND_NAMES[mint.kind] },
          { label: TEXTS.federated, value: mint.federated ? TEXTS.noSecret : TEXTS.withSecret },
          ...MINT_FIELD_NAMES.map((field) => ({ label: MINT_FIELD_LABELS[field], value: mint[field], mono: true })),
        ]}
      />
    </Card>
  );
}
