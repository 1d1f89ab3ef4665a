/**
 * SDK clients for one account and Region. Nothing is made before it is used, and nothing is read from the
 * environment when this module is loaded; each service has its own maker, so that a function which reads one
 * service is not bundled with the others.
 */
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { KMSClient } from '@aws-sdk/client-kms';
import { type ClientConfig, settings } from './settings.ts';

export type { ClientConfig } from './settings.ts';

export interface Clients {
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly kms: KMSClient;
}

export type Makers = { readonly [Service in keyof Clients]?: (config: ClientConfig) => Clients[Service] };

export function ec2Client(config: ClientConfig): EC2Client {
  return new EC2Client(settings(config));
}
export function eksClient(config: ClientConfig): EKSClient {
  return new EKSClient(settings(config));
}
export function kmsClient(config: ClientConfig): KMSClient {
  return new KMSClient(settings(config));
}

/** The clients that there are makers for, each made when it is first asked for; any other throws. */
export function lazyClients(makers: Makers, config: ClientConfig): Clients {
  const made: { -readonly [Service in keyof Clients]?: Clients[Service] } = {};
  return {
    get ec2() {
      made.ec2 ??= makers.ec2?.(config) ?? missing('ec2');
      return made.ec2;
    },
    get eks() {
      made.eks ??= makers.eks?.(config) ?? missing('eks');
      return made.eks;
    },
    get kms() {
      made.kms ??= makers.kms?.(config) ?? missing('kms');
      return made.kms;
    },
  };
}

function missing(service: keyof Clients): never {
  throw new TypeError(`there is no client for ${service} here`);
}

/** All clients, each made when it is first asked for. */
export function makeClients(config: ClientConfig): Clients {
  return lazyClients({ ec2: ec2Client, eks: eksClient, kms: kmsClient }, config);
}

/** Clients by account and Region, each set made once, so that connections and retry rates are kept. */
export function clientsByAccountRegion(
  make: (config: ClientConfig) => Clients,
  configOf: (account: string, region: string) => ClientConfig,
): (account: string, region: string) => Clients {
  const made = new Map<string, Clients>();
  return (account, region) => {
    const key = `${account}/${region}`;
    const clients = made.get(key) ?? make(configOf(account, region));
    made.set(key, clients);
    return clients;
  };
}
