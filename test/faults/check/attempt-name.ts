/** What the records, the receivers and the failure log call the same attempt by. */
export function attemptName({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): string {
  return `${jobId}:${attempt}`;
}
