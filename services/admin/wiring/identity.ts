import type { openMongo } from '../../shared/platform/process/open-mongo.js';
import { ApiTokenStore } from '../../shared/platform/mongo/api-tokens.js';
import { AuditLog } from '../../shared/platform/mongo/audit-log.js';
import { CompanyStore } from '../../shared/platform/mongo/companies.js';
import { SessionStore, sessionHash } from '../../shared/platform/mongo/sessions.js';
import { SignInAttempts } from '../../shared/platform/mongo/sign-in-attempts.js';
import { UserStore } from '../../shared/platform/mongo/users.js';
import { createIdentify } from '../api/identity/identify.js';
import { createJwtIdentity, type JwtSettings } from '../api/identity/jwt-identity.js';
import { createPasswords } from '../api/identity/passwords.js';
import { sessionSecretOf } from '../api/identity/session-cookie.js';
import { SessionIdentity } from '../api/identity/session-identity.js';
import { signIn, type SignInPorts } from '../api/identity/sign-in.js';
import { TokenIdentity } from '../api/identity/token-identity.js';
import { prefixOf } from '../api/identity/api-token.js';
import type { Identify } from '../api/principal.js';
import type { Routes } from '../api/route.js';
import { sessionRoutes, type SessionRoutePorts } from '../api/routes/session.js';
import { tokenRoutes } from '../api/routes/tokens.js';

type Db = Awaited<ReturnType<typeof openMongo>>;

export interface IdentitySettings {
  readonly admin: { readonly authentication: 'local' | 'jwt'; readonly sessionHours: number };
  readonly jwt: JwtSettings;
}

export interface IdentityParts {
  readonly identify: Identify;
  readonly routes: readonly Routes[];
}

/** Who asks, with the routes that people prove it by. */
export async function wireIdentity(db: Db, settings: IdentitySettings): Promise<IdentityParts> {
  const companies = new CompanyStore(db);
  const tokens = new ApiTokenStore(db);
  const tokenIdentity = new TokenIdentity({
    findToken: (id, now) => tokens.find(id, now),
    touchToken: (token, now) => tokens.touch(token, now),
    companyName: (companyId) => companies.nameOf(companyId),
  });
  const isLocal = settings.admin.authentication === 'local';
  const local = isLocal ? await wireSessions(db, companies, settings) : undefined;
  return {
    identify: createIdentify({
      ofToken: (token) => tokenIdentity.identify(token),
      ofSession: local?.ofSession,
      ofJwt: isLocal ? undefined : createJwtIdentity(settings.jwt),
    }),
    routes: [
      sessionRoutes({
        authentication: settings.admin.authentication,
        signIn: local?.signIn,
        signOut: local?.signOut ?? (() => Promise.resolve()),
      }),
      tokenRoutesOf(db, tokens, tokenIdentity),
    ],
  };
}

function tokenRoutesOf(db: Db, tokens: ApiTokenStore, identity: TokenIdentity): Routes {
  const audit = new AuditLog(db);
  return tokenRoutes({
    list: (companyId, now) => tokens.list(companyId, now),
    create: (token, entry) => tokens.create(token, (options) => audit.record(entry, options)),
    revoke: async (companyId, id, entry) => {
      const revoked = await tokens.revoke(companyId, id, ({ name, expiresAt }, options) =>
        audit.record({ ...entry, before: { id: prefixOf(id), name, expiresAt: expiresAt.toISOString() } }, options),
      );
      if (revoked !== undefined) await identity.forget(id);
      return revoked !== undefined;
    },
  });
}

interface SessionParts extends Pick<SessionRoutePorts, 'signIn' | 'signOut'> {
  readonly ofSession: (hash: string) => ReturnType<SessionIdentity['identify']>;
}

async function wireSessions(db: Db, companies: CompanyStore, { admin }: IdentitySettings): Promise<SessionParts> {
  const users = new UserStore(db);
  const sessions = new SessionStore(db);
  const attempts = new SignInAttempts(db);
  const passwords = await createPasswords();
  const identity = new SessionIdentity({
    findSession: (hash, now) => sessions.find(hash, now),
    findUser: (companyId, id) => users.find(companyId, id),
    companyName: (companyId) => companies.nameOf(companyId),
  });
  const ports: SignInPorts = {
    beginAttempt: (origin, now) => attempts.begin(origin, now),
    attemptSucceeded: (origin, now) => attempts.succeeded(origin, now),
    findUser: (email) => users.findByEmail(email),
    verify: (passwordHash, password) => passwords.verify(passwordHash, password),
    createSession: (companyId, userId, now, expiresAt) => sessions.create(companyId, userId, now, expiresAt),
    sessionMs: admin.sessionHours * 3_600_000,
  };
  return {
    ofSession: (hash) => identity.identify(hash),
    signIn: async (credentials, address) => {
      const { secret, expiresAt } = await signIn(ports, credentials, address);
      return { secret, expiresAt, identity: await identity.identify(sessionHash(secret)) };
    },
    signOut: async (request, companyId) => {
      const secret = sessionSecretOf(request);
      if (secret === undefined) return;
      await sessions.delete(companyId, sessionHash(secret));
      identity.forget(sessionHash(secret));
    },
  };
}
