/** The events that `trailseal undo` publishes; `test/emulator/operator.test.ts` checks that they arrive. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { eventsOf, publishEvents } from '../../cli/undo/publish.ts';
import type { UndoAttemptResult } from '../../cli/undo/undo.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import type { PublishedEvent } from '../../lib/remediation/events/event-record.ts';
import { fakeKey } from '../remediation/actions/simulated-resource.ts';

const decision = {
  actor: 'operator',
  name: 'arn:aws:iam::111122223333:user/ana',
  reason: 'It was wrong.',
} as const;

/** The events of an undo by this operator with that result. */
async function eventsAfter(resultOf: (key: ReturnType<typeof fakeKey>) => Promise<UndoAttemptResult>) {
  const key = fakeKey();
  await key.carryOut();
  const [actionRun] = await key.history.of(key.target.finding.id);
  if (actionRun === undefined) throw new Error('nothing was done');
  const result = await resultOf(key);
  const undoing = { actionOf: () => key.action, decision, deps: key.deps, run: 'undo 1' };
  return eventsOf([{ actionRun, result }], undoing, 'dev');
}

async function undone() {
  return eventsAfter((key) => key.undo({ decision }));
}

describe('the event of an undo by command', () => {
  it('matches the documented schema', async () => {
    const [event] = await undone();
    expect(actionEventSchema.parse(event)).toEqual(event);
  });

  it('has the operator and the reason', async () => {
    expect(await undone()).toMatchObject([
      {
        id: 'trailseal/fake-control/111122223333/eu-central-1/fake-key fix:enable-key 1 undone',
        finding: 'trailseal/fake-control/111122223333/eu-central-1/fake-key',
        action: 'fix:enable-key',
        outcome: 'undone',
        because: 'It was wrong.',
        decision,
      },
    ]);
  });

  it('of a partial undo says so', async () => {
    const partial = (key: ReturnType<typeof fakeKey>) => {
      key.state.fault = new Error('no');
      return key.undo({ decision });
    };
    expect(await eventsAfter(partial)).toMatchObject([{ outcome: 'partially-completed', decision }]);
  });

  it.each<[UndoAttemptResult, string]>([
    [
      { kind: 'refused', because: 'Somebody changed it.', differences: ['it is broken'] },
      'Somebody changed it. Differences: it is broken.',
    ],
    [{ kind: 'impossible', because: 'It stays.' }, "It can't be undone: It stays."],
    [
      { kind: 'command', because: 'It puts data at risk.', command: 'aws kms x' },
      'It puts data at risk. To do it all the same, run: aws kms x',
    ],
  ])('of a refusal says so: %j', async (result, because) => {
    expect(await eventsAfter(async () => result)).toMatchObject([
      { outcome: 'undo-refused', because, decision },
    ]);
  });

  it.each<UndoAttemptResult>([
    { kind: 'would-be-undone' },
    { kind: 'skipped', because: 'The kill switch is engaged.' },
    { kind: 'busy', because: 'Another run is at it.' },
    { kind: 'deleted', because: 'It ended.' },
    { kind: 'unreadable', because: 'denied' },
    { kind: 'interrupted' },
  ])('does not exist where nothing was undone: $kind', async (result) => {
    expect(await eventsAfter(async () => result)).toEqual([]);
  });

  it('does not exist where it was undone before', async () => {
    const again = async (key: ReturnType<typeof fakeKey>) => {
      await key.undo({ decision });
      return key.undo({ decision });
    };
    expect(await eventsAfter(again)).toEqual([]);
  });
});

describe('publishing', () => {
  function eventBus() {
    const client = new EventBridgeClient({ region: 'eu-central-1' });
    const stored: PublishedEvent[] = [];
    const store = async (one: PublishedEvent) => {
      stored.push(one);
    };
    return {
      mock: mockClient(client),
      stored,
      at: { client, store, stage: 'dev', wait: async () => undefined },
    };
  }

  it('makes no call without events', async () => {
    const { mock, at } = eventBus();
    await publishEvents([], at);
    expect(mock.calls()).toEqual([]);
  });

  it('returns undefined where all events are on the bus', async () => {
    const { mock, at, stored } = eventBus();
    mock.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] });
    const events = await undone();
    expect(await publishEvents(events, at)).toBeUndefined();
    expect(stored).toEqual(events.map((event) => ({ kind: 'action', event })));
  });

  it('puts nothing on the bus that could not be stored, as nobody would be notified of it, and returns the reason', async () => {
    const { mock, at } = eventBus();
    const store = async () => {
      throw new StateTableError('refused', [], 'The table can’t be written.');
    };
    expect(await publishEvents(await undone(), { ...at, store })).toBe('The table can’t be written.');
    expect(mock.calls()).toEqual([]);
  });

  it('returns the reason where the call was denied', async () => {
    const { mock, at } = eventBus();
    mock
      .on(PutEventsCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} }));
    expect(await publishEvents(await undone(), at)).toBe('events:PutEvents: AccessDeniedException (no)');
  });

  it('returns the reason where an event was rejected', async () => {
    const { mock, at } = eventBus();
    mock
      .on(PutEventsCommand)
      .resolves({ Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'later' }] });
    expect(await publishEvents(await undone(), at)).toBe(
      '1 of 1 events could not be put on the bus: InternalFailure: later',
    );
  });

  it('does not swallow an internal error', async () => {
    const { mock, at } = eventBus();
    mock.on(PutEventsCommand).rejects(new TypeError('a mistake'));
    await expect(publishEvents(await undone(), at)).rejects.toThrow('a mistake');
  });
});
