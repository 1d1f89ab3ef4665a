/** Publishes undos by command on the deployment's event bus, so that they are notified like those by custom action. */
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { busName, type Stage } from '../../lib/aws/names.ts';
import { reasonOf } from '../../lib/aws/reason.ts';
import type { AnyAction } from '../../lib/core/action.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import type { ActionEvent } from '../../lib/remediation/events/action-event.ts';
import { eventOfUndo } from '../../lib/remediation/events/action-results.ts';
import type { PublishedEvent } from '../../lib/remediation/events/event-record.ts';
import { BusError, publishableAction, putEvents } from '../../lib/remediation/events/publish.ts';
import type { UndoAllOptions, UndoAttempt } from './undo.ts';

/** The IAM action that publishing needs, on the bus. */
export const publishPermission = 'events:PutEvents';

type PublishOptions = Pick<UndoAllOptions, 'actionOf' | 'decision' | 'deps' | 'run'>;

/** The events of undos that were completed, partially completed or refused, in the same order. Pure except for the clock. */
export function eventsOf(
  attempts: readonly UndoAttempt[],
  options: PublishOptions,
  stage: Stage,
): readonly ActionEvent[] {
  return attempts.flatMap((attempt) => {
    const definition = options.actionOf(attempt.actionRun.action);
    return definition === undefined ? [] : (eventOf(attempt, definition, options, stage) ?? []);
  });
}

function eventOf(
  { actionRun, result }: UndoAttempt,
  definition: AnyAction,
  { decision, deps, run }: PublishOptions,
  stage: Stage,
): ActionEvent | undefined {
  switch (result.kind) {
    case 'undone':
    case 'partially-completed':
    case 'refused':
    case 'command':
    case 'impossible': {
      const { finding, resource } = actionRun;
      const input = { finding, resource, definition, at: deps.now(), stage, decision, request: run };
      return eventOfUndo(result, actionRun, input);
    }
    // Nothing was done now, or it was published when it was done.
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

export interface EventBus {
  readonly client: EventBridgeClient;
  /** Stores an event in the state table. */
  readonly store: (published: PublishedEvent) => Promise<unknown>;
  readonly stage: Stage;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/**
 * Stores the events and puts them on the bus: nobody is notified of one that is not stored.
 * @returns why not all of them are on it, as a clause; `undefined` when they are. The undos stay done either way.
 */
export async function publishEvents(
  events: readonly ActionEvent[],
  { client, store, stage, wait }: EventBus,
): Promise<string | undefined> {
  if (events.length === 0) return undefined;
  try {
    for (const event of events) await store({ kind: 'action', event });
    await putEvents(events.map(publishableAction), { client, bus: busName(stage), wait });
    return undefined;
  } catch (error) {
    if (error instanceof BusError || error instanceof StateTableError) return error.message;
    // The SDK marks every error of a call with `$metadata`; any other is an error in our own code.
    if (error instanceof Error && '$metadata' in error) return `${publishPermission}: ${reasonOf(error)}`;
    throw error;
  }
}
