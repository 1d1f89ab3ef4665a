/** Clients with which a quarantine writes, and a finding because of which it does. */
import type { Clients } from '../../../../lib/aws/clients.ts';
import type { Memory, Target } from '../../../../lib/core/action.ts';
import { makeClients } from '../../../../lib/services/clients.ts';
import { type Settings, settings } from '../../../../lib/services/ec2/quarantine/settings.ts';

export const account = '123456789012';
export const region = 'us-east-1';

export function writeClients(): Clients {
  const config = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  return makeClients(config);
}

/** Quarantine remembers nothing of what was seen earlier. */
export const noMemory: Memory = {
  recall: () => Promise.reject(new Error('nothing is asked for')),
};

/** The instance as the target of a quarantine with these settings, the others at their defaults. */
export function targetOf(instance: string, chosen: Partial<Settings> = {}): Target<Settings> {
  return {
    resource: {
      type: 'AwsEc2Instance',
      id: instance,
      arn: `arn:aws:ec2:${region}:${account}:instance/${instance}`,
      account,
      region,
    },
    finding: {
      id: `trailseal/ec2-transit-encryption/${account}/${region}/${instance}`,
      control: 'ec2-transit-encryption',
      title: 'EC2 instances should be of a type that encrypts traffic between instances',
      severity: 'MEDIUM',
      openedAt: '2026-11-21T10:00:00Z',
    },
    settings: settings.parse(chosen),
  };
}
