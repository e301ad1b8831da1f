import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { RotationNoticeKind, ShownNoticeFragment } from '../../api/generated/graphql.ts';
import { useLive } from '../../api/live.tsx';
import { startAgain } from '../../api/long-lists.ts';
import { useApiPages } from '../../api/use-api-query.ts';
import { together } from './notice-days.ts';
import { FOLLOW_NOTICES, NOTICES_PAGE } from './notices-operations.ts';

const PAGE = 50;
/** The API filters by registry alone: for a kind the page looks by itself until it has a screenful, but not for ever. */
const ENOUGH = 20;
const MOST_PAGES = 10;
/** More than these are read again by pages. */
const MOST_LIVE = 1_000;

interface NoticesAsked {
  readonly projectId: string;
  readonly registryId: string | undefined;
  readonly kinds: readonly RotationNoticeKind[] | undefined;
}

/** The notices, newest first: those that were read, and from then on each as it happens. */
export function useNotices({ projectId, registryId, kinds }: NoticesAsked) {
  const variables = { projectId, ...(registryId !== undefined && { registryId }) };
  const pages = useApiPages(
    NOTICES_PAGE,
    { ...variables, first: PAGE },
    ({ rotationNotices }) => rotationNotices.pageInfo,
  );
  const queries = useQueryClient();
  const [live, setLive] = useState<readonly ShownNoticeFragment[]>([]);
  // What came before belongs to another selection.
  const [selection, setSelection] = useState({ projectId, registryId });
  if (selection.projectId !== projectId || selection.registryId !== registryId) {
    setSelection({ projectId, registryId });
    setLive([]);
  }
  useLive(FOLLOW_NOTICES, variables, {
    enabled: pages.data !== undefined && !pages.isPlaceholderData,
    after: pages.data?.[0]?.rotationNotices.latestCursor,
    cursorOf: ({ rotationNotices }) => rotationNotices.cursor,
    onEvent: ({ rotationNotices }) => setLive((before) => [...before, rotationNotices].slice(-MOST_LIVE)),
    onGap: () => {
      setLive([]);
      startAgain(queries, [projectId]);
    },
  });

  const all = together(pages.data?.flatMap(({ rotationNotices }) => rotationNotices.nodes) ?? [], live);
  const shown = kinds === undefined ? all : all.filter(({ kind }) => kinds.includes(kind));
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const looksOn = kinds !== undefined && shown.length < ENOUGH && hasNextPage && (pages.data?.length ?? 0) < MOST_PAGES;
  useEffect(() => {
    if (looksOn && !isFetching) void fetchNextPage();
  }, [looksOn, isFetching, fetchNextPage]);

  return { pages, all, shown, looksOn };
}
