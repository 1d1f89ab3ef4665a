import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { at } from '../../lib/core/json.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { compose } from '../../lib/notifications/compose.ts';
import { triggerOfAction, triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { transitionSchema } from '../../lib/remediation/events/transition.ts';
import { parseRemediation } from '../../lib/remediation/message.ts';
import { violationsOfNotification } from '../notifications/shown.ts';
import { shareOf, suite } from '../suite.ts';
import { type FakeResource, fakeResources } from './fake-resources.ts';
import type { Write } from './permissive-aws.ts';
import { type Delivered, RemediationFixture } from './remediation-fixture.ts';
import { type Attack, attack } from './requests.ts';
import { accountRegion } from './values.ts';
import { violationsOfLine } from './violations.ts';

const limit = 300_000;

/** The one resource that may be written to by what the state table says: in the deployment's account and Region, and failing. */
function dueBy({ entry: { resource, finding, control } }: Attack): FakeResource | undefined {
  const { type, id, account, region } = resource;
  return fakeResources.find(
    (thing) =>
      thing.type === type &&
      thing.id === id &&
      thing.free &&
      thing.fails.includes(control) &&
      account === accountRegion.account &&
      region === accountRegion.region &&
      finding['status'] === 'OPEN' &&
      finding['verdict'] === 'FAIL',
  );
}

/** Whether the message asks for an action in the name of an operator who requested none. */
function isForgedRequest({ body, request }: Attack): boolean {
  return request === undefined && parseRemediation(body).kind === 'requested-action';
}

function faultsOfWrites(writes: readonly Write[], one: Attack): readonly string[] {
  const due = isForgedRequest(one) ? undefined : dueBy(one);
  return writes
    .filter(({ resource }) => due === undefined || resource !== due)
    .map(
      ({ call, name, resource }) =>
        `${call} of ${JSON.stringify(name)}, which is ${resource?.arn ?? 'nothing'}`,
    );
}

/** Every message comes to an end that is reported, or is refused with an error that says what is wrong with the state table. */
function faultsOfEnd(delivered: Delivered): readonly string[] {
  if (delivered.kind === 'malformed')
    return delivered.reason === '' ? ['it is malformed without a reason'] : [];
  if (delivered.kind === 'rejected') {
    const { error } = delivered;
    return error instanceof StateTableError
      ? []
      : [error instanceof Error ? `${error.stack}` : String(error)];
  }
  const { events, again, because } = delivered.remediation;
  const silent = events.length === 0 && !again && !because;
  return [
    ...(silent ? ['nothing came of it, and no reason is given'] : []),
    ...events.flatMap((event) => {
      const parsed = actionEventSchema.safeParse(JSON.parse(JSON.stringify(event)));
      return parsed.success ? [] : [`an event is not as the schema says: ${parsed.error.message}`];
    }),
  ];
}

/** What people are notified of: the message itself, and what came of it. */
function faultsOfNotifications(delivered: Delivered, { body }: Attack): readonly string[] {
  const events = delivered.kind === 'done' ? delivered.remediation.events : [];
  const transition = transitionSchema.safeParse(detailOf(body));
  const opened = transition.success ? [triggerOfTransition(transition.data)] : [];
  return compose(
    [...events.map(triggerOfAction), ...opened].flatMap((trigger) => trigger ?? []),
    () => undefined,
    'dev',
  ).flatMap(violationsOfNotification);
}

function detailOf(body: string): unknown {
  try {
    return at(JSON.parse(body), 'detail');
  } catch {
    // It is cut off, or no JSON at all: nobody is notified of it.
    return undefined;
  }
}

/** Rejects, as fast-check does, with the first attack of which something is wrong. */
async function storm(
  messages: number,
  faultsOf: (
    one: Attack,
    delivered: Delivered,
    fixture: RemediationFixture,
    lines: readonly string[],
  ) => readonly string[],
): Promise<void> {
  const fixture = new RemediationFixture();
  const lines: string[] = [];
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk: unknown) => {
      lines.push(String(chunk));
      return true;
    }),
  );
  try {
    await fc.assert(
      fc.asyncProperty(attack, async (one) => {
        const delivered = await fixture.deliver(one);
        const logged = lines.splice(0).join('').split('\n');
        const faults = faultsOf(
          one,
          delivered,
          fixture,
          logged.filter((line) => line !== ''),
        );
        if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'));
      }),
      { numRuns: messages },
    );
  } finally {
    for (const spy of streams) spy.mockRestore();
  }
}

/** Every call by which an action writes. */
const everyCall = [
  'AssociateEncryptionConfig',
  'CancelKeyDeletion',
  'CreateTags',
  'EnableEbsEncryptionByDefault',
  'EnableKey',
  'EnableKeyRotation',
  'ModifyInstanceAttribute',
  'ModifyNetworkInterfaceAttribute',
  'ModifySnapshotAttribute',
  'PutKeyPolicy',
  'RevokeGrant',
  'StopInstances',
  'TagResource',
  'UpdateClusterConfig',
];

describe('hostile messages in the queue of remediation, and a forged state table', () => {
  it(
    'change nothing but the one resource that is meant, is the deployment’s own, and fails',
    async () => {
      const calls = new Set<string>();
      const check: Parameters<typeof storm>[1] = (one, delivered, { aws }) => {
        for (const { call } of aws.writes) calls.add(call);
        return [
          ...faultsOfEnd(delivered),
          ...faultsOfWrites(aws.writes, one),
          ...(one.due && aws.writes.length === 0 ? ['what is asked for is not done'] : []),
          ...aws.unsupported.map((call) => `${call} is a call that this AWS does not have`),
        ];
      };
      await storm(shareOf(12_000), check);
      // The rarest of them, which only a requested action makes, may need some more messages.
      const wanted = suite === 'full' ? everyCall.length : 10;
      for (let more = 0; more < 60 && calls.size < wanted; more += 1) await storm(1_000, check);
      // Every action was carried out on what it is meant for: else the test would say nothing about it.
      expect([...calls].filter((call) => !everyCall.includes(call))).toEqual([]);
      const missing = everyCall.filter((call) => !calls.has(call));
      expect(missing.slice(everyCall.length - wanted)).toEqual([]);
    },
    limit,
  );

  it(
    'reach people and chats without any markup of theirs',
    async () => {
      let events = 0;
      await storm(shareOf(4_000), (one, delivered) => {
        if (delivered.kind === 'done') events += delivered.remediation.events.length;
        return faultsOfNotifications(delivered, one);
      });
      expect(events).toBeGreaterThan(shareOf(200));
    },
    limit,
  );

  it(
    'leave lines in the log of printable ASCII alone',
    async () => {
      let seen = 0;
      await storm(shareOf(4_000), (_one, _delivered, _world, lines) => {
        seen += lines.length;
        return lines.flatMap(violationsOfLine);
      });
      expect(seen).toBeGreaterThan(shareOf(1_000));
    },
    limit,
  );
});
