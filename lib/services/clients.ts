/** The SDK clients of all services, as they say. */
import { type ClientConfig, type ClientMakers, type Clients, lazyClients } from '../aws/clients.ts';
import { liveServices } from './live-services.ts';

const makers: ClientMakers = Object.assign({}, ...liveServices.map(({ clients }) => clients));

/** All clients for one Region, each made when it is first asked for. */
export function makeClients(config: ClientConfig): Clients {
  return lazyClients(makers, config);
}
