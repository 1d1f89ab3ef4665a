/** What the function that publishes transitions may do. */
import { streamPermissions } from '../../lib/findings/state/schema.ts';
import { transitionSource } from '../../lib/remediation/events/transition.ts';
import { type Grant, grants, ofThisRegion } from '../grants.ts';
import { ids } from '../ids.ts';
import { arnOf } from '../template.ts';

export function publishing(): readonly Grant[] {
  return [
    ...grants('ReadStream', streamPermissions.stream, {
      resource: { 'Fn::GetAtt': [ids.stateTable, 'StreamArn'] },
      why: 'Lambda reads the state table’s stream with the function’s role',
    }),
    ...grants('ListStreams', streamPermissions.all, {
      ...ofThisRegion,
      why: 'Lambda asks for it before it reads a stream',
    }),
    putEvents('transitions of findings are published on Trailseal’s own bus'),
  ];
}

/** Events on Trailseal's own bus, and none in another's name. */
export function putEvents(why: string): Grant {
  return {
    sid: 'PutEvents',
    action: 'events:PutEvents',
    resource: arnOf(ids.bus),
    // One call has many events. Source: Amazon EventBridge User Guide, "Using IAM policy conditions".
    condition: { 'ForAllValues:StringEquals': { 'events:source': transitionSource } },
    why,
  };
}
