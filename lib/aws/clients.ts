/**
 * SDK clients for one account and Region. Nothing is made before it is used, and nothing is read from the environment
 * when this module is loaded. Services bring the makers of their own clients (`lib/services/<service>/clients.ts`), so
 * that a function which reads one service is not bundled with the others.
 */
import { type AccountRegion, accountRegionKey } from '../core/account-region.ts';
import type { ClientConfig } from './settings.ts';

export type { ClientConfig } from './settings.ts';

/** The SDK's clients by a short name each. Services add theirs by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface ServiceClients {}
export type ClientName = keyof ServiceClients & string;
export type Clients = { readonly [Name in ClientName]: ServiceClients[Name] };
export type ClientMakers = { readonly [Name in ClientName]?: (config: ClientConfig) => ServiceClients[Name] };

/**
 * The clients that there are makers for, each made when it is first asked for.
 * @throws TypeError, when it is asked for, for a client that has no maker here.
 * @example lazyClients({ kms: (config) => new KMSClient(settings(config)) }, { region: 'eu-central-1' }).kms
 */
export function lazyClients(makers: ClientMakers, config: ClientConfig): Clients {
  const made = new Map<string, unknown>();
  const clients = new Proxy(makers, {
    get(target, name) {
      // Asked by whoever awaits the clients, or prints them.
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined;
      const make = Object.hasOwn(target, name) ? target[name as ClientName] : undefined;
      if (make === undefined) throw new TypeError(`there is no client for ${name} here`);
      const client = made.get(name) ?? make(config);
      made.set(name, client);
      return client;
    },
  });
  // What `get` gives is what the maker of this name makes, which the type of a proxy can't say.
  return clients as object as Clients;
}

/** Clients by account and Region, each set made once, so that connections and retry rates are kept. */
export function clientsByAccountRegion(
  make: (config: ClientConfig) => Clients,
  configOf: (accountRegion: AccountRegion) => ClientConfig,
): (accountRegion: AccountRegion) => Clients {
  const made = new Map<string, Clients>();
  return (accountRegion) => {
    const key = accountRegionKey(accountRegion);
    const clients = made.get(key) ?? make(configOf(accountRegion));
    made.set(key, clients);
    return clients;
  };
}
