import { createContext, use } from 'react';
import type { Session } from '../../../contract/session.js';

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only pages behind the gate ask. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('useSession outside of the session gate');
  return session;
}
