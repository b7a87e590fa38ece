import { createContext, createElement, useContext, type ReactElement, type ReactNode } from 'react';
import type { Client } from '../client.ts';

const ClientContext = createContext<Client | undefined>(undefined);

export interface SdAsyncProviderProps {
  readonly client: Client;
  readonly children?: ReactNode;
}

/** Gives the hooks below it their client. Whoever made the client closes it. */
export const SdAsyncProvider = ({ client, children }: SdAsyncProviderProps): ReactElement =>
  createElement(ClientContext.Provider, { value: client }, children);

export const useClient = (): Client => {
  const client = useContext(ClientContext);
  if (!client) throw new Error('There is no <SdAsyncProvider client={…}> above this component');
  return client;
};
