/** Every client that services have, mocked. */
import type { EC2Client } from '@aws-sdk/client-ec2';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import type { ClientName, Clients, ServiceClients } from '../../lib/aws/clients.ts';
import { makeClients } from '../../lib/services/clients.ts';

/** A mock for each client, by the client's name. What is not answered for resolves to nothing. */
export type Mocks = { readonly [Name in ClientName]: AwsClientStub<ServiceClients[Name]> };

/** Clients for one Region, none of which calls AWS, and their mocks. */
export function mockedClients(region: string): { readonly clients: Clients; readonly mocks: Mocks } {
  const clients: Clients = {
    ...makeClients({ region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
  };
  // All clients are of one class, whose types have nothing in common.
  const mocks = Object.entries(clients).map(([name, client]) => [name, mockClient(client as EC2Client)]);
  // Each mock is of the client of its name, which the type of an object made from entries can't say.
  return { clients, mocks: Object.fromEntries(mocks) as object as Mocks };
}

/** The calls made, in the order of the services, each as IAM names it: `kms:DescribeKey`. */
export function callsOf({ clients, mocks }: ReturnType<typeof mockedClients>): readonly string[] {
  return Object.entries(mocks).flatMap(([name, mock]) =>
    mock.calls().map(({ args: [command] }) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      return `${prefixOf(clients, name as ClientName)}:${operation}`;
    }),
  );
}

/** The prefix of a service's actions in IAM is the name that its requests are signed for. */
function prefixOf(clients: Clients, name: ClientName): string {
  const { defaultSigningName } = (clients[name] as EC2Client).config;
  return defaultSigningName;
}
