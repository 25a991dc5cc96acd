import { ApiProblem } from '../api/http.js';
import { faultText } from '../elements/fault-notice.js';

/** A refusal with all its field faults in one line: in a dialog there are no fields to show them at. */
export function problemText(error: Error): string {
  if (!(error instanceof ApiProblem) || error.problem.errors === undefined) return faultText(error);
  return error.problem.errors.map(({ message }) => message).join(' ');
}
