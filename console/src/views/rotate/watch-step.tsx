import { useApiQuery } from '../../api/use-api-query.ts';
import { registryHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { Card, KeyValueList } from '../../components/card.tsx';
import { Few } from '../../components/few.tsx';
import { Time } from '../../components/time.tsx';
import { WATCH as TEXTS } from '../../texts/rotate.ts';
import { LeaseTable } from '../registry/lease-table.tsx';
import css from '../registry/registry.module.css';
import { REGISTRY } from '../registry/registry-operations.ts';
import { LEASES_READ_MS, REGISTRY_LEASES } from '../registry/usage-operations.ts';
import type { StepProps } from './step-props.ts';

/** As many as one answer has. Those that began last come first, so the old ones are told by their count as well. */
const PAGE = 100;

export function WatchStep({ registry, onGo }: StepProps & { readonly activated: number | undefined }) {
  const { projectId, id, credential } = registry;
  const { retiring, version } = credential;
  const isWaiting = retiring !== null;
  const every = { refetchInterval: LEASES_READ_MS };
  const leases = useApiQuery(
    REGISTRY_LEASES,
    { projectId, first: PAGE, filter: { registryId: id, activeOnly: true } },
    every,
  );
  // The count of leases on the retiring version is no change of the registry, so nothing tells of it.
  useApiQuery(REGISTRY, { projectId, id }, isWaiting ? every : {});
  const old = leases.data?.leases.nodes.filter(({ credentialVersion }) => credentialVersion < version) ?? [];
  return (
    <Card>
      <div className={css.stack}>
        {retiring === null ? (
          <Banner kind="success" title={TEXTS.over}>
            {TEXTS.overHelp}
          </Banner>
        ) : (
          <>
            <Banner title={TEXTS.waiting(retiring.activeLeases, retiring.version)}>{TEXTS.live}</Banner>
            <KeyValueList entries={[{ label: TEXTS.until, value: <Time at={retiring.destroyedAt} /> }]} />
          </>
        )}
        {old.length > 0 && (
          <section className={css.list}>
            <h3>{isWaiting ? TEXTS.leases : TEXTS.warnings}</h3>
            <Few items={old}>{(shown) => <LeaseTable label={TEXTS.leases} leases={shown} isBrief empty={null} />}</Few>
          </section>
        )}
        <div className={css.line}>
          <LinkButton kind={isWaiting ? 'secondary' : 'primary'} href={registryHref({ projectId, registryId: id })}>
            {TEXTS.done}
          </LinkButton>
          {!isWaiting && <Button onPress={() => onGo({ step: 'enter' })}>{TEXTS.again}</Button>}
        </div>
      </div>
    </Card>
  );
}
