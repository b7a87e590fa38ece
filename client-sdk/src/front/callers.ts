import type { IncomingMessage } from 'node:http';

/**
 * Who is asking. A WebUI has one state for everybody; here everybody has one of their own: those who give a user name by it,
 * whatever their password is, all others by address and program.
 */
export const toCaller = ({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): string => {
  const [, encoded] = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const user = Buffer.from(encoded ?? '', 'base64')
    .toString()
    .replace(/:.*$/s, '');
  return user === ''
    ? `address:${socket.remoteAddress ?? ''} ${headers['user-agent'] ?? ''}`
    : `user:${user}`;
};

/** As many callers' states are kept; the one who has not been heard of for longest is forgotten. */
const CALLERS = 1000;

/** A map that makes what it does not have, and forgets what nobody asked for. */
export const createPerCaller = <T>(make: () => T): ((caller: string) => T) => {
  const states = new Map<string, T>();
  return (caller) => {
    const state = states.has(caller) ? (states.get(caller) as T) : make();
    states.delete(caller);
    states.set(caller, state);
    const [oldest] = states.keys();
    if (states.size > CALLERS && oldest !== undefined) states.delete(oldest);
    return state;
  };
};
