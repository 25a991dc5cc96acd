import type { Named } from './company-profile.js';

/** The data of WhatsApp events as schemas/whatsapp-event holds them, instants in ISO-8601. */
export interface ConversationParties {
  readonly conversation_id: string;
  readonly company_number: string;
  readonly customer_number: string;
}

export interface MessageParties extends ConversationParties {
  readonly message_id: string;
}

export interface Content {
  readonly kind: 'text' | 'template' | 'media';
  readonly text: { readonly body: string } | null;
  readonly template: {
    readonly name: string;
    readonly language: string;
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
  } | null;
  readonly media: {
    readonly mime_type: string;
    readonly url: string;
    readonly sha256: string;
    readonly size_bytes: number;
    readonly file_name: string | null;
    readonly caption: string | null;
  } | null;
}

export interface MessageSent extends MessageParties {
  readonly content: Content;
  readonly sent_by: Named | null;
  readonly sent_at: string;
}

export interface MessageReceived extends MessageParties {
  readonly customer_name: string | null;
  readonly content: Content;
  readonly reply_to_message_id: string | null;
  readonly received_at: string;
}

export interface MessageDelivered extends MessageParties {
  readonly delivered_at: string;
}

export interface MessageRead extends MessageParties {
  readonly read_at: string;
}

export interface MessageFailed extends MessageParties {
  readonly error: { readonly code: string; readonly reason: string; readonly description: string | null };
  readonly failed_at: string;
}

export interface MessageLinkTracking extends MessageParties {
  readonly template_name: string;
  readonly click: { readonly url: string; readonly clicked_at: string; readonly user_agent: string | null };
}

export interface ConversationAssign extends ConversationParties {
  readonly agent: Named;
  readonly previous_agent: Named | null;
  readonly assigned_by: Named | null;
  readonly assigned_at: string;
}

export interface ConversationClose extends ConversationParties {
  readonly reason: string;
  readonly closed_by: Named | null;
  readonly closed_at: string;
}
