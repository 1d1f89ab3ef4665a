/** Each kind of silence, and what the operator is told of it. */
import { describe, expect, it } from 'vitest';
import type { Heartbeats, SentCanary } from '../../../../lib/findings/state/heartbeats.ts';
import {
  canaryDeadline,
  type Observations,
  type SeenMapping,
  type SeenRule,
  type SilentPart,
  silentParts,
  type WatchedParts,
} from '../../../../lib/pipeline/live/watchdog/silence.ts';

const now = Date.parse('2026-11-30T22:00:00Z');
const minute = 60_000;
const region = 'eu-central-1';

const watched: WatchedParts = {
  rules: [
    { name: 'trailseal-dev-ec2', queues: ['trailseal-dev-ec2'] },
    { name: 'trailseal-dev-kms', queues: ['trailseal-dev-kms'] },
    { name: 'trailseal-dev-notify', bus: 'trailseal-dev', queues: ['trailseal-dev-notify'] },
  ],
  functions: ['trailseal-dev-ec2', 'trailseal-dev-kms', 'trailseal-dev-scan'],
  schedules: ['trailseal-dev-scan'],
  evaluators: ['ec2', 'kms'],
  scanMinutes: 360,
};

const answered = <T>(value: T | undefined) => ({ known: true as const, value });
const on = (queue: string): SeenRule => ({
  state: 'ENABLED',
  targets: [`arn:aws:sqs:${region}:111122223333:${queue}`],
});
const canary = (more: Partial<SentCanary> = {}): SentCanary => ({
  nonce: 'n',
  sentAt: now - 50 * minute,
  receivedAt: now - 45 * minute,
  missed: false,
  ...more,
});
const alive: Heartbeats = {
  scan: { at: now - 5 * 60 * minute, parts: ['AwsKmsKey', 'stateTable'] },
  parts: new Map([
    ['AwsKmsKey', now - 299 * minute],
    ['stateTable', now - 298 * minute],
    // No control evaluates this type any more.
    ['AwsOldType', 0],
  ]),
  canaries: new Map([
    ['ec2', canary()],
    ['kms', canary()],
  ]),
  alarm: undefined,
};

/** A deployment of which all is well, but for what is given. */
function observed(
  change: {
    readonly rules?: Readonly<Record<string, SeenRule | undefined>>;
    readonly mappings?: Readonly<Record<string, readonly SeenMapping[]>>;
    readonly schedule?: string | undefined;
    readonly heartbeats?: Partial<Heartbeats>;
  } = {},
): Observations {
  const rules = new Map(watched.rules.map(({ name, queues: [queue = ''] }) => [name, answered(on(queue))]));
  for (const [name, rule] of Object.entries(change.rules ?? {})) rules.set(name, answered(rule));
  const mappings = new Map(
    watched.functions.map((name) => [
      name,
      answered<readonly SeenMapping[]>([{ id: 'm', state: 'Enabled' }]),
    ]),
  );
  for (const [name, some] of Object.entries(change.mappings ?? {})) mappings.set(name, answered(some));
  return {
    rules,
    mappings,
    schedules: new Map([
      ['trailseal-dev-scan', answered('schedule' in change ? change.schedule : 'ENABLED')],
    ]),
    heartbeats: answered({ ...alive, ...change.heartbeats }),
  };
}

const silent = (of: Observations): readonly SilentPart[] => silentParts(watched, of, { now, region });
const said = (of: Observations) => silent(of).map(({ part, because }) => `${part} ${because}`);
const canaries = (ec2: SentCanary | undefined, kms: SentCanary | undefined = canary()) =>
  new Map([
    ...(ec2 === undefined ? [] : [['ec2', ec2] as const]),
    ...(kms === undefined ? [] : [['kms', kms] as const]),
  ]);

it('where all is well, no part is silent', () => {
  expect(silent(observed())).toEqual([]);
});

describe('a rule', () => {
  it('that is disabled is silent, with the command that enables it', () => {
    const rules = { 'trailseal-dev-kms': { ...on('trailseal-dev-kms'), state: 'DISABLED' } };
    expect(silent(observed({ rules }))).toEqual([
      {
        part: 'the rule trailseal-dev-kms',
        because: 'is disabled',
        todo: 'aws events enable-rule --region eu-central-1 --name trailseal-dev-kms',
      },
    ]);
  });

  it('on the deployment’s own bus is enabled there', () => {
    const rules = { 'trailseal-dev-notify': { ...on('trailseal-dev-notify'), state: 'DISABLED' } };
    expect(silent(observed({ rules }))[0]?.todo).toMatch(/--event-bus-name trailseal-dev$/);
  });

  it('that also matches management events that read is on', () => {
    const state = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
    expect(said(observed({ rules: { 'trailseal-dev-kms': { ...on('trailseal-dev-kms'), state } } }))).toEqual(
      [],
    );
  });

  it('that is not there is silent', () => {
    expect(said(observed({ rules: { 'trailseal-dev-ec2': undefined } }))).toEqual([
      'the rule trailseal-dev-ec2 is not there',
    ]);
  });

  it('that leads elsewhere is silent', () => {
    expect(said(observed({ rules: { 'trailseal-dev-ec2': on('another-trailseal-dev-ec2') } }))).toEqual([
      'the rule trailseal-dev-ec2 does not fill the queue trailseal-dev-ec2',
    ]);
  });
});

describe('a function', () => {
  it.each(['Disabled', 'Disabling', 'Deleting'])('whose event source mapping is %s is silent', (state) => {
    const mappings = { 'trailseal-dev-kms': [{ id: '1-2', state }] };
    expect(silent(observed({ mappings }))).toEqual([
      {
        part: 'the function trailseal-dev-kms',
        because: 'has a disabled event source mapping, so that it reads nothing',
        todo: 'aws lambda update-event-source-mapping --region eu-central-1 --uuid 1-2 --enabled',
      },
    ]);
  });

  it.each(['Enabled', 'Enabling', 'Creating', 'Updating'])('whose mapping is %s is not', (state) => {
    expect(said(observed({ mappings: { 'trailseal-dev-kms': [{ id: '1', state }] } }))).toEqual([]);
  });

  it('without an event source mapping is silent', () => {
    expect(said(observed({ mappings: { 'trailseal-dev-ec2': [] } }))).toEqual([
      'the function trailseal-dev-ec2 has no event source mapping, so that it reads nothing',
    ]);
  });
});

describe('the schedule', () => {
  it.each([
    ['DISABLED', 'is disabled'],
    [undefined, 'is not there'],
  ])('%s is silent', (schedule, because) => {
    expect(said(observed({ schedule }))).toEqual([`the schedule trailseal-dev-scan ${because}`]);
  });
});

describe('the scheduled scan', () => {
  const hours = (some: number) => now - some * 60 * minute;

  it('that did not run is silent an hour after it was due', () => {
    const at = (some: number) =>
      said(observed({ heartbeats: { scan: { at: hours(some), parts: ['stateTable'] } } }));
    expect(at(7)).toEqual([]);
    expect(at(7.1)).toEqual(['the scheduled scan last ran at 2026-11-30T14:54Z']);
  });

  it('that has never run is silent an hour after it was due first', () => {
    const never = { scan: { at: hours(8), parts: [] }, parts: new Map() };
    expect(said(observed({ heartbeats: never }))).toEqual([
      'the scheduled scan has never run; it has been due since 2026-11-30T14:00Z',
    ]);
  });

  it('of which a part was not completed is silent, with the part', () => {
    const parts = new Map([...alive.parts, ['AwsKmsKey', hours(13)] as const]);
    expect(said(observed({ heartbeats: { parts } }))).toEqual([
      'the scheduled scan of AwsKmsKey was not completed since 2026-11-30T09:00Z',
    ]);
  });
});

describe('a canary', () => {
  it('that is on its way is no silence', () => {
    const sent = canary({ sentAt: now - canaryDeadline + minute, receivedAt: undefined });
    expect(said(observed({ heartbeats: { canaries: canaries(sent) } }))).toEqual([]);
  });

  it('that one evaluator did not receive in time names the evaluator', () => {
    const lost = canary({ receivedAt: undefined });
    expect(silent(observed({ heartbeats: { canaries: canaries(lost) } }))).toEqual([
      {
        part: 'the evaluator ec2',
        because: 'did not receive the canary of 2026-11-30T21:10Z',
        todo: 'see its log, and its DLQ: trailseal dlq list --queue ec2',
      },
    ]);
  });

  it('that no evaluator received names CloudTrail, which they have in common', () => {
    const lost = canary({ receivedAt: undefined });
    expect(said(observed({ heartbeats: { canaries: canaries(lost, lost) } }))).toEqual([
      'CloudTrail delivers nothing: the canary of 2026-11-30T21:10Z reached no evaluator',
    ]);
  });

  it('that is on its way after one that was lost leaves the evaluator silent until it arrives', () => {
    const next = canary({ sentAt: now - minute, receivedAt: undefined, missed: true });
    expect(said(observed({ heartbeats: { canaries: canaries(next) } }))).toEqual([
      'the evaluator ec2 did not receive the canary of 2026-11-30T21:59Z',
    ]);
    expect(said(observed({ heartbeats: { canaries: canaries({ ...next, receivedAt: now }) } }))).toEqual([]);
  });

  it('that was not sent yet is no silence', () => {
    expect(said(observed({ heartbeats: { canaries: new Map() } }))).toEqual([]);
  });
});

describe('what cannot be read', () => {
  const refused = { known: false as const, because: 'AccessDeniedException (You may not)' };

  it('is silent: nobody knows that it is alive', () => {
    const of = observed();
    const rules = new Map([...of.rules, ['trailseal-dev-ec2', refused] as const]);
    expect(said({ ...of, rules, heartbeats: refused })).toEqual([
      "the rule trailseal-dev-ec2 can't be read: AccessDeniedException (You may not)",
      "the state table can't be read: AccessDeniedException (You may not)",
    ]);
  });

  it('because it was not asked for is silent, too', () => {
    expect(said({ ...observed(), schedules: new Map() })).toEqual([
      "the schedule trailseal-dev-scan can't be read: it was not asked for",
    ]);
  });
});
