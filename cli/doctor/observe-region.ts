/** Looks at what a Region has to bring for Trailseal to work there: trails, and Security Hub. */
import {
  type CloudTrailClient,
  type Trail as Described,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { DescribeHubCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
import { type Seen, see, seeIfThere, seen } from '../aws/answer.ts';
import type { AccountClients } from './clients.ts';
import type { Selectors, Trail } from './trails.ts';

/**
 * The trails that concern a Region, those of other Regions and of the organization among them (their shadows).
 * Source: AWS CloudTrail API Reference, "DescribeTrails".
 */
export async function trailsOf(clients: AccountClients, region: string): Promise<Seen<readonly Trail[]>> {
  const { cloudtrail } = clients.of(region);
  const listed = await see('cloudtrail:DescribeTrails', async () => {
    const { trailList } = await cloudtrail.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
    return trailList ?? [];
  });
  if (!listed.known) return listed;
  return seen(
    await Promise.all(listed.value.map((described) => trailOf(clients, cloudtrail, region, described))),
  );
}

async function trailOf(
  clients: AccountClients,
  cloudtrail: CloudTrailClient,
  region: string,
  { Name, TrailARN, HomeRegion, IsOrganizationTrail }: Described,
): Promise<Trail> {
  const arn = TrailARN ?? Name ?? '';
  const homeRegion = HomeRegion ?? region;
  const [logging, selectors] = await Promise.all([
    // Whether it logs is told Region by Region; what it logs is set where it was made.
    see('cloudtrail:GetTrailStatus', async () => {
      const { IsLogging } = await cloudtrail.send(new GetTrailStatusCommand({ Name: arn }));
      return IsLogging === true;
    }),
    see('cloudtrail:GetEventSelectors', async (): Promise<Selectors> => {
      const home = clients.of(homeRegion).cloudtrail;
      const answer = await home.send(new GetEventSelectorsCommand({ TrailName: arn }));
      return { basic: answer.EventSelectors ?? [], advanced: answer.AdvancedEventSelectors ?? [] };
    }),
  ]);
  return {
    name: Name ?? arn,
    arn,
    homeRegion,
    ofOrganization: IsOrganizationTrail === true,
    logging,
    selectors,
  };
}

/**
 * Whether Security Hub is on. Where it is off, it refuses the question so.
 * Source: AWS Security Hub API Reference, "DescribeHub".
 */
export async function securityHubIsOn(client: SecurityHubClient): Promise<Seen<boolean>> {
  const hub = await seeIfThere(
    'securityhub:DescribeHub',
    ['InvalidAccessException', 'ResourceNotFoundException'],
    () => client.send(new DescribeHubCommand({})),
  );
  return hub.known ? seen(hub.value !== undefined) : hub;
}
