/** Observes what Trailseal requires of a Region: trails and Security Hub. */
import {
  type CloudTrailClient,
  type Trail as Described,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { DescribeHubCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
import { type Answer, answered, ask, askIfExists } from '../aws/answer.ts';
import { hubIsOff } from '../custom-actions/security-hub.ts';
import type { AccountClients } from './clients.ts';
import type { ObservedTrail, Selectors } from './trails.ts';

/**
 * The trails that apply to a Region, including those of other Regions and of the organization (shadow trails).
 * Source: AWS CloudTrail API Reference, "DescribeTrails".
 */
export async function trailsOf(
  clients: AccountClients,
  region: string,
): Promise<Answer<readonly ObservedTrail[]>> {
  const { cloudtrail } = clients.of(region);
  const listed = await ask('cloudtrail:DescribeTrails', async () => {
    const { trailList } = await cloudtrail.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
    return trailList ?? [];
  });
  if (!listed.known) return listed;
  return answered(
    await Promise.all(listed.value.map((described) => trailOf(clients, cloudtrail, region, described))),
  );
}

async function trailOf(
  clients: AccountClients,
  cloudtrail: CloudTrailClient,
  region: string,
  { Name, TrailARN, HomeRegion, IsOrganizationTrail }: Described,
): Promise<ObservedTrail> {
  const arn = TrailARN ?? Name ?? '';
  const homeRegion = HomeRegion ?? region;
  const [logging, selectors] = await Promise.all([
    // Each Region answers whether the trail logs there; its selectors are only in its home Region.
    ask('cloudtrail:GetTrailStatus', async () => {
      const { IsLogging } = await cloudtrail.send(new GetTrailStatusCommand({ Name: arn }));
      return IsLogging === true;
    }),
    ask('cloudtrail:GetEventSelectors', async (): Promise<Selectors> => {
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
 * Whether Security Hub is on. Where it is off, it answers with these errors.
 * Source: AWS Security Hub API Reference, "DescribeHub".
 */
export async function securityHubIsOn(client: SecurityHubClient): Promise<Answer<boolean>> {
  const hub = await askIfExists('securityhub:DescribeHub', hubIsOff, () =>
    client.send(new DescribeHubCommand({})),
  );
  return hub.known ? answered(hub.value !== undefined) : hub;
}
