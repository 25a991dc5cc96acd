/**
 * The nonce with which this page may add style sheets: the server puts a fresh one into each page and into its content
 * security policy, so that `style-src` needs no 'unsafe-inline'.
 */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}

/** The scroll lock of modals looks for the nonce under this global name. */
export function shareStyleNonce(): void {
  (globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce();
}
