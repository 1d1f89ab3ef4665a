/** Listing with the SDK mocked. */
import type { ResourceType } from '../../lib/core/control.ts';
import type { Page } from '../../lib/core/list.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { callsOf, mockedClients } from './mocked-clients.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const accountRegion = { account, region };

/** An error as the SDK throws it. */
export function awsError(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: {} });
}

export function mockAws() {
  const aws = mockedClients(region);
  const { clients, mocks } = aws;
  return {
    clients,
    ...mocks,
    mocks,
    /** The calls made so far, as IAM names them. */
    calls: (): readonly string[] => callsOf(aws),
    list: (type: ResourceType, token?: string) => listerOf(type).list(clients, accountRegion, token),
    /** All pages, each token going through JSON as in a message. */
    async pages(type: ResourceType): Promise<readonly Page[]> {
      const pages: Page[] = [];
      let token: string | undefined;
      do {
        const page = await listerOf(type).list(clients, accountRegion, token);
        pages.push(page);
        token = page.token;
      } while (token !== undefined);
      return pages;
    },
  };
}
