/** Why a sealed value can't be used. */
export type SealFault =
  /** The key-encryption key that wraps the company's data key is not among the configured ones. */
  | 'unknown-key-encryption-key'
  /** The company has no data key (any more), or the value was sealed under another one. */
  | 'unknown-data-key'
  /** Changed, cut, or copied from another company, webhook or field. */
  | 'not-authentic'
  /** Written by a later version of this program. */
  | 'unknown-version';

/** A secret that can't be opened: it concerns one webhook (or company), and trying again doesn't help. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly fault: SealFault;
  constructor(fault: SealFault, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.fault = fault;
  }
}
