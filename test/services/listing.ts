/** Listing with the SDK mocked. */
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { KMSClient } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import type { ResourceType } from '../../lib/core/control.ts';
import type { Page } from '../../lib/core/list.ts';
import { listers } from '../../lib/services/listers.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const accountRegion = { account, region };

/** An error as the SDK throws it. */
export function awsError(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: {} });
}

export function mockAws() {
  const clients = {
    ec2: new EC2Client({ region }),
    eks: new EKSClient({ region }),
    kms: new KMSClient({ region }),
  };
  return {
    clients,
    ec2: mockClient(clients.ec2),
    eks: mockClient(clients.eks),
    kms: mockClient(clients.kms),
    list: (type: ResourceType, token?: string) => listers[type].list(clients, accountRegion, token),
    /** All pages, each token going through JSON as in a message. */
    async pages(type: ResourceType): Promise<readonly Page[]> {
      const pages: Page[] = [];
      let token: string | undefined;
      do {
        const page = await listers[type].list(clients, accountRegion, token);
        pages.push(page);
        token = page.token;
      } while (token !== undefined);
      return pages;
    },
  };
}
