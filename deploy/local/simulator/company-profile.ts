import { createRandom, type Random } from './random.js';

/** Who and what appears in a company's events. Depends on the company's id alone, so it's the same in every run. */
export interface CompanyProfile {
  readonly companyId: string;
  readonly phoneNumber: string;
  readonly whatsappNumber: string;
  readonly agents: readonly AgentProfile[];
  readonly queues: readonly Named[];
  readonly departments: readonly Named[];
  readonly ivr: Named;
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface AgentProfile extends Named {
  readonly email: string;
  readonly extension: string;
}

const FIRST_NAMES = [
  'Ada',
  'Bo',
  'Carmen',
  'Deniz',
  'Élodie',
  'Farah',
  'Goran',
  'Hana',
  'Ines',
  'Jürgen',
  'Kofi',
  'Lía',
];
const LAST_NAMES = ['Moreno', 'Lindqvist', 'Okafor', 'Yılmaz', 'Dubois', 'Haddad', 'Kovač', 'Sato', 'Costa', 'Weiß'];
const DEPARTMENTS = ['Sales', 'Support', 'Billing'];

export function companyProfile(companyId: string): CompanyProfile {
  const random = createRandom(hashOf(companyId));
  const digits = (count: number): string => String(random.whole(0, 10 ** count - 1)).padStart(count, '0');
  return {
    companyId,
    phoneNumber: `+1800555${digits(4)}`,
    whatsappNumber: `+1415555${digits(4)}`,
    agents: Array.from({ length: 12 }, (_, index) => agentProfile(random, index)),
    queues: DEPARTMENTS.map((name) => ({ id: `que_${name.toLowerCase()}`, name })),
    departments: DEPARTMENTS.map((name) => ({ id: `dep_${name.toLowerCase()}`, name })),
    ivr: { id: 'ivr_main', name: 'Main menu' },
  };
}

function agentProfile(random: Random, index: number): AgentProfile {
  const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
  const extension = String(101 + index);
  return { id: `agt_${extension}`, name: `${first} ${last}`, email: `agent${extension}@company.example`, extension };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
