import type { Random } from './random.js';
import type { Content } from './whatsapp-records.js';

const TEXTS = [
  'Olá! Where is my order?',
  'It was shipped yesterday and should arrive on Friday.',
  'Thank you 🙏',
  'Могу я изменить адрес доставки?',
  'ご注文ありがとうございます。',
  'Please send me a photo of the "damaged" part, <b>both</b> sides.',
  'هل لديكم مقاس أكبر؟',
];

export function textContent(random: Random): Content {
  return { kind: 'text', text: { body: random.pick(TEXTS) }, template: null, media: null };
}

export function templateContent(random: Random): Content & { readonly template: object } {
  const parameters = [
    { name: '1', value: 'Júlia' },
    { name: '2', value: `A-${random.whole(10_000, 99_999)}` },
  ];
  const name = random.pick(['order_shipped', 'payment_due', 'spring_offer']);
  return { kind: 'template', text: null, template: { name, language: 'pt_BR', parameters }, media: null };
}

export function mediaContent(random: Random): Content {
  const media = {
    mime_type: 'image/jpeg',
    url: `https://media.example/${random.identifier(16)}.jpg`,
    sha256: random.identifier(64).toLowerCase(),
    size_bytes: random.whole(20_000, 4_000_000),
    file_name: null,
    caption: random.chance(0.5) ? 'As promised' : null,
  };
  return { kind: 'media', text: null, template: null, media };
}
