import { Tooltip } from '@mantine/core';
import { denseTime, fullTime, relativeTime } from '../instants.js';
import { useNow } from './use-now.js';

/** "2 min ago"; the full time with its zone on hover, on focus, and for machines. */
export function RelativeTime({ at }: { readonly at: string }) {
  const now = useNow(10_000);
  return (
    <Tooltip label={fullTime(at)}>
      <time dateTime={at} tabIndex={0}>
        {relativeTime(at, now)}
      </time>
    </Tooltip>
  );
}

/** "24 Nov 2026, 16:05:12 GMT+5:30", or without year and zone where these stand elsewhere. */
export function FullTime({ at, dense = false }: { readonly at: string; readonly dense?: boolean }) {
  return <time dateTime={at}>{dense ? denseTime(at) : fullTime(at)}</time>;
}
