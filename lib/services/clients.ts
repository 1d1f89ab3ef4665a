/** The SDK clients of all services, from their declarations. */
import { type ClientConfig, type ClientMakers, type Clients, lazyClients } from '../aws/clients.ts';
import { liveServices } from './live-services.ts';

const makers: ClientMakers = Object.assign({}, ...liveServices.map(({ clients }) => clients));

/**
 * All SDK clients for one Region. Each client is made when it is first used.
 * @param config the Region, and the credentials where they are not the function's own.
 * @example makeClients({ region: 'eu-central-1' }).kms // a KMSClient
 */
export function makeClients(config: ClientConfig): Clients {
  return lazyClients(makers, config);
}
