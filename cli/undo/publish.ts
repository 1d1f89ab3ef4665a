/** Tells Trailseal's own bus of undos by command, so that people hear of them as of those that a custom action brought about. */
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { busName, type Stage } from '../../lib/aws/names.ts';
import { reasonOf } from '../../lib/aws/reason.ts';
import type { AnyAction } from '../../lib/core/action.ts';
import type { ActionEvent } from '../../lib/remediation/events/action-event.ts';
import { eventOfUndo } from '../../lib/remediation/events/action-results.ts';
import { BusError, publishableAction, putEvents } from '../../lib/remediation/events/publish.ts';
import type { TakeBackOptions, Taken } from './undo.ts';

/** The IAM action that telling needs, on the bus. */
export const tellPermission = 'events:PutEvents';

type Undoing = Pick<TakeBackOptions, 'actionOf' | 'decision' | 'deps' | 'run'>;

/** What others should hear of what came of it, in the same order: what is undone, partially completed, or was refused. Pure but for the clock. */
export function eventsOf(taken: readonly Taken[], undoing: Undoing, stage: Stage): readonly ActionEvent[] {
  return taken.flatMap((one) => {
    const definition = undoing.actionOf(one.actionRun.action);
    return definition === undefined ? [] : (eventOf(one, definition, undoing, stage) ?? []);
  });
}

function eventOf(
  { actionRun, result }: Taken,
  definition: AnyAction,
  { decision, deps, run }: Undoing,
  stage: Stage,
): ActionEvent | undefined {
  switch (result.kind) {
    case 'undone':
    case 'partially-completed':
    case 'refused':
    case 'command':
    case 'impossible': {
      const { finding, resource } = actionRun;
      const told = { finding, resource, definition, at: deps.now(), stage, decision, request: run };
      return eventOfUndo(result, actionRun, told);
    }
    // Nothing was done, or was before and told then.
    case 'already-undone':
    case 'deleted':
    case 'skipped':
    case 'busy':
    case 'under-way':
    case 'would-be-undone':
    case 'unreadable':
    case 'interrupted':
      return undefined;
  }
}

export interface BusAt {
  readonly client: EventBridgeClient;
  readonly stage: Stage;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/**
 * Puts the events on the bus.
 * @returns why not all of them are there, as a clause; `undefined` when they are. What was undone stays undone.
 */
export async function tellBus(
  events: readonly ActionEvent[],
  { client, stage, wait }: BusAt,
): Promise<string | undefined> {
  if (events.length === 0) return undefined;
  try {
    await putEvents(events.map(publishableAction), { client, bus: busName(stage), wait });
    return undefined;
  } catch (error) {
    if (error instanceof BusError) return error.message;
    // The SDK marks every error that comes out of a call so; any other is a fault of our own.
    if (error instanceof Error && '$metadata' in error) return `${tellPermission}: ${reasonOf(error)}`;
    throw error;
  }
}
