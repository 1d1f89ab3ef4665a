/** What each service tells the tests that hold for all of them, in `test/services/<service>/cases.ts`. */
import type { Resource, ResourceType } from '../../lib/core/control.ts';
import { services } from '../../lib/services/catalogue.ts';
import type { Mocks } from './mocked-clients.ts';

/** How one resource is listed, and the event that names the same one. All is in the account and Region of `listing.ts`. */
export interface ListedCase {
  readonly type: ResourceType;
  /** Answers the calls of the listing with the one resource. */
  answer(mocks: Mocks): void;
  /** A call, by which a control is triggered or that deletes something. */
  readonly event: {
    readonly source: string;
    readonly name: string;
    readonly request: unknown;
    readonly response: unknown;
  };
}

export interface ServiceCases {
  /** A resource of each type, and of each form that its id has. In the account and Region of `gathering.ts`. */
  readonly resources: readonly Resource[];
  /** Answers every read about these resources so that it leads to whatever more there is to ask. */
  answer(mocks: Mocks): void;
  /** Each type of resource. */
  readonly listed: readonly ListedCase[];
}

/** Those of every service, in the order of the index. Rejects where a service has none. */
export const allCases: readonly ServiceCases[] = await Promise.all(
  services.map(async ({ id }) => {
    const { cases }: { readonly cases: ServiceCases } = await import(`./${id}/cases.ts`);
    return cases;
  }),
);
