import type { CompanyProfile, Named } from './company-profile.js';
import type { Random } from './random.js';
import { isoOf, type LifeCycle, type Moment } from './simulated-event.js';
import { mediaContent, templateContent, textContent } from './whatsapp-content.js';
import type { Content, ConversationParties, MessageParties } from './whatsapp-records.js';

/**
 * Makes one WhatsApp conversation: a customer who writes, is assigned an agent (perhaps a second one), talks and is
 * closed; or a campaign's template that fails, is ignored, is clicked or answered.
 *
 * The device reports after the message: `message.delivered`, then mostly `message.read`, before whatever answers it.
 */
class Conversation {
  readonly moments: Moment[] = [];
  readonly company: CompanyProfile;
  readonly parties: ConversationParties;
  readonly #random: Random;
  #now: number;

  constructor(company: CompanyProfile, startAt: number, random: Random) {
    this.company = company;
    this.#random = random;
    this.#now = startAt;
    this.parties = {
      conversation_id: `wac_${random.identifier(10)}`,
      company_number: company.whatsappNumber,
      customer_number: `+5511955${String(random.whole(0, 999_999)).padStart(6, '0')}`,
    };
  }

  /** @returns the id of the message */
  send(content: Content, sentBy: Named | null): string {
    const message_id = this.#newMessageId();
    const data = { ...this.#message(message_id), content, sent_by: sentBy, sent_at: isoOf(this.#now) };
    this.#add({ type: 'message.sent', at: this.#now, data }, 300, 3_000);
    return message_id;
  }

  receive(content: Content): void {
    const message = { ...this.#message(this.#newMessageId()), customer_name: 'Júlia', content };
    const data = { ...message, reply_to_message_id: null, received_at: isoOf(this.#now) };
    this.#add({ type: 'message.received', at: this.#now, data }, 1_000, 20_000);
  }

  /** The customer's device reports that it has the message and, mostly, that it was read. */
  report(message_id: string): void {
    const message = this.#message(message_id);
    const delivered = { ...message, delivered_at: isoOf(this.#now) };
    this.#add({ type: 'message.delivered', at: this.#now, data: delivered }, 500, 15_000);
    if (!this.#random.chance(0.85)) return;
    this.#add({ type: 'message.read', at: this.#now, data: { ...message, read_at: isoOf(this.#now) } }, 1_000, 30_000);
  }

  fail(message_id: string): void {
    const [code, reason, description] = this.#random.pick([
      ['131026', 'invalid_number', 'Message undeliverable'],
      ['131047', 'blocked', null],
      ['131000', 'network', 'Something went wrong'],
    ] as const);
    const data = { ...this.#message(message_id), error: { code, reason, description }, failed_at: isoOf(this.#now) };
    this.#add({ type: 'message.failed', at: this.#now, data }, 1_000, 2_000);
  }

  click(message_id: string, template_name: string): void {
    const url = `https://shop.example/orders?ref=${this.#random.identifier(8)}`;
    const click = { url, clicked_at: isoOf(this.#now), user_agent: 'Mozilla/5.0 (Linux; Android 15)' };
    const data = { ...this.#message(message_id), template_name, click };
    this.#add({ type: 'message.link_tracking', at: this.#now, data }, 2_000, 30_000);
  }

  assign(agent: Named, previous: Named | null): void {
    const people = { agent: bare(agent), previous_agent: bareOrNull(previous), assigned_by: bareOrNull(previous) };
    const data = { ...this.parties, ...people, assigned_at: isoOf(this.#now) };
    this.#add({ type: 'conversation.assign', at: this.#now, data }, 500, 30_000);
  }

  close(agent: Named | null): void {
    const reason = agent === null ? 'inactive' : this.#random.pick(['resolved', 'resolved', 'spam', 'other']);
    const data = { ...this.parties, reason, closed_by: bareOrNull(agent), closed_at: isoOf(this.#now) };
    this.#add({ type: 'conversation.close', at: this.#now, data }, 0, 0);
  }

  #newMessageId(): string {
    return `wamid.${this.#random.identifier(20)}`;
  }

  /** The fields that name a message, in the order of the schema. */
  #message(message_id: string): MessageParties {
    const { conversation_id, ...numbers } = this.parties;
    return { conversation_id, message_id, ...numbers };
  }

  #add(moment: Moment, leastPauseMs: number, mostPauseMs: number): void {
    this.moments.push(moment);
    this.#now += this.#random.whole(leastPauseMs, mostPauseMs);
  }
}

/** @param startAt epoch ms of the first moment */
export function whatsappLifeCycle(company: CompanyProfile, startAt: number, random: Random): LifeCycle {
  const conversation = new Conversation(company, startAt, random);
  if (random.chance(0.4)) campaign(conversation, random);
  else talk(conversation, random);
  return {
    companyId: company.companyId,
    conversationId: conversation.parties.conversation_id,
    moments: conversation.moments,
  };
}

function campaign(conversation: Conversation, random: Random): void {
  const template = templateContent(random);
  const messageId = conversation.send(template, null);
  if (random.chance(0.15)) {
    conversation.fail(messageId);
    return;
  }
  conversation.report(messageId);
  if (random.chance(0.4)) conversation.click(messageId, template.template?.name ?? '');
  if (random.chance(0.3)) talk(conversation, random);
}

function talk(conversation: Conversation, random: Random): void {
  conversation.receive(textContent(random));
  let agent = random.pick(conversation.company.agents);
  conversation.assign(agent, null);
  if (random.chance(0.15)) {
    const next = random.pick(conversation.company.agents);
    conversation.assign(next, agent);
    agent = next;
  }
  for (let turn = random.whole(1, 3); turn > 0; turn -= 1) {
    const content = random.chance(0.2) ? mediaContent(random) : textContent(random);
    conversation.report(conversation.send(content, bare(agent)));
    if (random.chance(0.6)) conversation.receive(textContent(random));
  }
  conversation.close(random.chance(0.8) ? agent : null);
}

function bare({ id, name }: Named): Named {
  return { id, name };
}

function bareOrNull(agent: Named | null): Named | null {
  return agent === null ? null : bare(agent);
}
