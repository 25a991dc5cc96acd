/** The line of JSON that the receiver process prints when all its endpoints listen. */
export interface ReceiverAnnouncement {
  /** Base URL of the control server. */
  readonly control: string;
  readonly caFile: string | null;
  readonly endpoints: readonly { readonly behaviour: string; readonly path: string; readonly url: string }[];
}
