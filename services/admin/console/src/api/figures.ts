import { queryOptions } from '@tanstack/react-query';
import type { Figures, FiguresWindow } from '../../../contract/figures.js';
import { request } from './http.js';

export const figuresQuery = (webhookId: string, window: FiguresWindow) =>
  queryOptions({
    queryKey: ['figures', webhookId, window],
    queryFn: ({ signal }) =>
      request<Figures>('GET', `/webhooks/${encodeURIComponent(webhookId)}/figures`, { query: { window }, signal }),
    refetchInterval: 15_000,
    placeholderData: (previous) => previous,
  });
