import { ApiProblem } from '../api/http.js';
import { FaultNotice } from './fault-notice.js';
import { NotFound } from './not-found.js';

interface QueryFaultProps {
  readonly error: Error;
  readonly onRetry: () => void;
  readonly notFound: string;
}

/** In the place of what could not be read: "not found" for a 404, the fault and a new try for the rest. */
export function QueryFault({ error, onRetry, notFound }: QueryFaultProps) {
  if (error instanceof ApiProblem && error.status === 404) return <NotFound text={notFound} />;
  return <FaultNotice error={error} onRetry={onRetry} />;
}
