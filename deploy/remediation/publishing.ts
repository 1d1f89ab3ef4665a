/** What the function that publishes transitions may do. */
import { findingIdPrefix } from '../../lib/findings/id.ts';
import { streamPermissions } from '../../lib/findings/state/schema.ts';
import { eventKeyPrefix, eventPermissions } from '../../lib/remediation/events/event-record.ts';
import { transitionSource } from '../../lib/remediation/events/transition.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants, ofThisRegion } from '../grants.ts';
import { ids } from '../ids.ts';
import type { Parameters } from '../parameters.ts';
import { stateTableArn } from '../state-table.ts';
import { arnOf } from '../template.ts';
import { itemsUnder } from './operating.ts';

export function publishing({ parameters }: Deployment): readonly Grant[] {
  return [
    ...grants('ReadStream', streamPermissions.stream, {
      resource: stateTableArn(parameters.stage, '/stream/*'),
      why: 'Lambda reads the state table’s stream with the function’s role',
    }),
    ...grants('ListStreams', streamPermissions.all, {
      ...ofThisRegion,
      why: 'Lambda asks for it before it reads a stream',
    }),
    {
      sid: 'ReadEntries',
      action: 'dynamodb:BatchGetItem',
      ...itemsUnder(parameters, findingIdPrefix),
      why: 'a transition is published as the state table knows it, whatever the record of the stream says',
    },
    publishedEvents(
      parameters,
      'StoreEvents',
      eventPermissions.store,
      'what is published is stored, and nothing else of the state table is written',
    ),
    putEvents('transitions of findings are published on Trailseal’s own bus'),
  ];
}

/** The events that were published, and no other items of the state table. */
export function publishedEvents(parameters: Parameters, sid: string, action: string, why: string): Grant {
  return { sid, action, ...itemsUnder(parameters, eventKeyPrefix), why };
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
