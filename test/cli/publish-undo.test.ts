/** What `trailseal undo` tells Trailseal's own bus; that events come through is held by `test/emulator/`. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { eventsOf, tellBus } from '../../cli/undo/publish.ts';
import type { Result } from '../../cli/undo/undo.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { fakeKey } from '../remediation/actions/simulated-resource.ts';

const decision = {
  actor: 'operator',
  name: 'arn:aws:iam::111122223333:user/ana',
  reason: 'It was wrong.',
} as const;

/** What is told where an undo by this operator came to that. */
async function told(resultOf: (key: ReturnType<typeof fakeKey>) => Promise<Result>) {
  const key = fakeKey();
  await key.carryOut();
  const [actionRun] = await key.history.of(key.target.finding.id);
  if (actionRun === undefined) throw new Error('nothing was done');
  const result = await resultOf(key);
  const undoing = { actionOf: () => key.action, decision, deps: key.deps, run: 'undo 1' };
  return eventsOf([{ actionRun, result }], undoing, 'dev');
}

async function undone() {
  return told((key) => key.undo({ decision }));
}

describe('what came of an undo by command', () => {
  it('is told as it is in the documented form', async () => {
    const [event] = await undone();
    expect(actionEventSchema.parse(event)).toEqual(event);
  });

  it('is told with who decided and why', async () => {
    expect(await undone()).toMatchObject([
      {
        id: 'trailseal/fake-key fix:enable-key 1 undone',
        finding: 'trailseal/fake-key',
        action: 'fix:enable-key',
        outcome: 'undone',
        because: 'It was wrong.',
        decision,
      },
    ]);
  });

  it('is told as partially completed where it is', async () => {
    const half = (key: ReturnType<typeof fakeKey>) => {
      key.state.fault = new Error('no');
      return key.undo({ decision });
    };
    expect(await told(half)).toMatchObject([{ outcome: 'partially-completed', decision }]);
  });

  it.each<[Result, string]>([
    [
      { kind: 'refused', because: 'Somebody changed it.', differences: ['it is broken'] },
      'Somebody changed it. it is broken',
    ],
    [{ kind: 'impossible', because: 'It stays.' }, "It can't be undone: It stays."],
    [
      { kind: 'command', because: 'It puts data at risk.', command: 'aws kms x' },
      'It puts data at risk. To do it all the same, run: aws kms x',
    ],
  ])('is told as refused: %j', async (result, because) => {
    expect(await told(async () => result)).toMatchObject([{ outcome: 'undo-refused', because, decision }]);
  });

  it.each<Result>([
    { kind: 'would-be-undone' },
    { kind: 'skipped', because: 'The kill switch is engaged.' },
    { kind: 'busy', because: 'Another run is at it.' },
    { kind: 'deleted', because: 'It ended.' },
    { kind: 'unreadable', because: 'denied' },
    { kind: 'interrupted' },
  ])('is not told where nothing came of it: $kind', async (result) => {
    expect(await told(async () => result)).toEqual([]);
  });

  it('is not told anew where it was undone before', async () => {
    const again = async (key: ReturnType<typeof fakeKey>) => {
      await key.undo({ decision });
      return key.undo({ decision });
    };
    expect(await told(again)).toEqual([]);
  });
});

describe('telling the bus', () => {
  function bus() {
    const client = new EventBridgeClient({ region: 'eu-central-1' });
    return { mock: mockClient(client), at: { client, stage: 'dev', wait: async () => undefined } };
  }

  it('calls nobody where there is nothing to tell', async () => {
    const { mock, at } = bus();
    await tellBus([], at);
    expect(mock.calls()).toEqual([]);
  });

  it('answers nothing where all was taken', async () => {
    const { mock, at } = bus();
    mock.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] });
    expect(await tellBus(await undone(), at)).toBeUndefined();
  });

  it('answers why, where the call was denied', async () => {
    const { mock, at } = bus();
    mock
      .on(PutEventsCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} }));
    expect(await tellBus(await undone(), at)).toBe('events:PutEvents: AccessDeniedException (no)');
  });

  it('answers why, where an event was not taken', async () => {
    const { mock, at } = bus();
    mock
      .on(PutEventsCommand)
      .resolves({ Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'later' }] });
    expect(await tellBus(await undone(), at)).toBe(
      '1 of 1 events could not be put on the bus: InternalFailure: later',
    );
  });

  it('does not swallow a fault of its own', async () => {
    const { mock, at } = bus();
    mock.on(PutEventsCommand).rejects(new TypeError('a mistake'));
    await expect(tellBus(await undone(), at)).rejects.toThrow('a mistake');
  });
});
