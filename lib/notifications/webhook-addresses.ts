/**
 * Which network addresses a webhook may have. Whoever can set a URL must not make the function call what only the function
 * can reach: its own host, a VPC's services, the runtime's metadata.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './special-addresses.ts';

/** A name resolves to an address that is not public. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';

  constructor(host: string) {
    super(
      `${JSON.stringify(host)} has an address that is not public. If that is intended, allow private addresses for ` +
        'webhooks in the deployment.',
    );
  }
}

/**
 * Resolves names as Node does, and refuses a name of which any address is not public. As the `lookup` of a connection it
 * checks the addresses that are connected to, so that a name that resolves differently the second time gains nothing.
 * @example
 * request(url, { lookup: publicLookup });
 */
export const publicLookup: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, []);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new PrivateAddressError(host), []);
    }
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};
