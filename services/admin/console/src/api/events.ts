import { queryOptions } from '@tanstack/react-query';
import type { EventCatalogue } from '../../../contract/events.js';
import { request } from './http.js';

/** The 14 sub-events with their words and samples; they don't change while the page is open. */
export const eventsQuery = queryOptions({
  queryKey: ['events'],
  queryFn: ({ signal }) => request<EventCatalogue>('GET', '/events', { signal }),
  staleTime: Infinity,
});
