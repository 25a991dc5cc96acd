import { assertNever } from '../../core/errors.js';
import type { Authentication, Header } from '../../core/webhook.js';
import type { Vault } from '../crypto/vault.js';
import type { SealedAuthentication, SealedHeader, WebhookDocument } from './webhook-document.js';

/**
 * Seals and opens the secrets of one webhook: the password or key of its authentication, and the value of every
 * additional header, since nobody can tell which of them is a secret. The field name that each is bound to is fixed
 * here: a password copied over a header's value doesn't open.
 */
const PASSWORD = 'authentication.password';
const API_KEY = 'authentication.value';

export interface EndpointSecrets {
  readonly authentication: Authentication;
  readonly headers: readonly Header[];
}

export interface SealedEndpointSecrets {
  readonly authentication: SealedAuthentication;
  readonly headers: readonly SealedHeader[];
}

/** @throws DependencyError when the company's data key can't be read or made */
export async function sealEndpoint(
  vault: Vault,
  companyId: string,
  webhookId: string,
  { authentication, headers }: EndpointSecrets,
): Promise<SealedEndpointSecrets> {
  const seal = (field: string, text: string) => vault.seal(companyId, webhookId, field, text);
  return {
    authentication: await sealAuthentication(authentication, seal),
    headers: await Promise.all(
      headers.map(async ({ name, value }) => ({ name, value: await seal(fieldOfHeader(name), value) })),
    ),
  };
}

/** @throws SealError when a secret can't be opened; DependencyError when the company's data key can't be read */
export async function openEndpoint(
  vault: Vault,
  document: Pick<WebhookDocument, '_id' | 'companyId' | 'authentication' | 'headers'>,
): Promise<EndpointSecrets> {
  const open: Open = (field, sealed) => vault.open(document.companyId, document._id, field, sealed);
  return {
    authentication: await openAuthentication(document.authentication, open),
    headers: await Promise.all(
      document.headers.map(async ({ name, value }) => ({ name, value: await open(fieldOfHeader(name), value) })),
    ),
  };
}

type Seal = (field: string, text: string) => ReturnType<Vault['seal']>;
type Open = (field: string, sealed: SealedHeader['value']) => Promise<string>;

/** Header names are compared without regard to case, and are unique within a webhook. */
function fieldOfHeader(name: string): string {
  return `headers.${name.toLowerCase()}`;
}

async function sealAuthentication(authentication: Authentication, seal: Seal): Promise<SealedAuthentication> {
  switch (authentication.kind) {
    case 'none':
      return { kind: 'none' };
    case 'basic': {
      const { username, password } = authentication;
      return { kind: 'basic', username, password: await seal(PASSWORD, password) };
    }
    case 'api-key': {
      const { placement, name, value } = authentication;
      return { kind: 'api-key', placement, name, value: await seal(API_KEY, value) };
    }
    default:
      return assertNever(authentication);
  }
}

async function openAuthentication(authentication: SealedAuthentication, open: Open): Promise<Authentication> {
  switch (authentication.kind) {
    case 'none':
      return { kind: 'none' };
    case 'basic': {
      const { username, password } = authentication;
      return { kind: 'basic', username, password: await open(PASSWORD, password) };
    }
    case 'api-key': {
      const { placement, name, value } = authentication;
      return { kind: 'api-key', placement, name, value: await open(API_KEY, value) };
    }
    default:
      return assertNever(authentication);
  }
}
