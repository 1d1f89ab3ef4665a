/** Observations in as few words as a test needs. */
import type { Resource, Verdict } from '../../../lib/core/control.ts';
import type { StoredObservation } from '../../../lib/findings/state/entry.ts';
import type { ToRecord } from '../../../lib/findings/state/table.ts';
import { ec2VolumeEncryption } from '../../../lib/services/ec2/controls/ec2-volume-encryption.ts';

export const control = ec2VolumeEncryption;

export const accountRegion = { account: '111122223333', region: 'eu-central-1' } as const;

export const start = Date.UTC(2026, 9, 5);

export function volume(id = 'vol-0abc', more: Partial<Resource> = {}): Resource {
  const arn = `arn:aws:ec2:${accountRegion.region}:${accountRegion.account}:volume/${id}`;
  return { type: 'AwsEc2Volume', id, arn, ...accountRegion, ...more };
}

export function idOf(resource: Resource): string {
  return `trailseal/${control.id}/${resource.account}/${resource.region}/${resource.id}`;
}

export interface Observed {
  /** Milliseconds after `start`. */
  readonly at: number;
  readonly verdict: Verdict | 'deleted';
  readonly key?: string;
  readonly resource?: Resource;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What was observed of the volume at that time, because of an event with that key. */
export function observe({
  at,
  verdict,
  key = `event-${at}`,
  resource = volume(),
  details,
}: Observed): StoredObservation {
  const actor = {
    type: 'IAMUser',
    arn: `arn:aws:iam::${accountRegion.account}:user/ana`,
    name: 'ana',
    account: accountRegion.account,
    sourceIp: undefined,
    userAgent: undefined,
  };
  return {
    key,
    at: start + at,
    cause: { id: key, eventName: 'CreateVolume', time: start + at, actor },
    resource,
    result:
      verdict === 'deleted'
        ? { kind: 'deleted', because: `It was deleted at ${at}.` }
        : {
            kind: 'evaluated',
            verdict,
            evidence: {
              summary: `It was ${verdict} at ${at}.`,
              required: 'encryption',
              observed: [
                {
                  what: 'encrypted',
                  value: verdict === 'PASS',
                  source: {
                    kind: 'api',
                    call: 'ec2:DescribeVolumes',
                    at: new Date(start + at).toISOString(),
                  },
                },
              ],
            },
            severity: control.severity,
            plan: { actions: [], skipped: [] },
            exemption: undefined,
            details,
          },
  };
}

export function toRecord(observation: StoredObservation): ToRecord {
  return { control, observation };
}
