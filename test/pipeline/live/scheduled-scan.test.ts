import { describe, expect, it } from 'vitest';
import type { QueueName } from '../../../lib/aws/names.ts';
import type { ArnResource, Control, Resource, ResourceType } from '../../../lib/core/control.ts';
import { type Lister, ListingError, type Page } from '../../../lib/core/list.ts';
import type { Finding, Status } from '../../../lib/findings/finding.ts';
import { findingId } from '../../../lib/findings/id.ts';
import type { Recorded } from '../../../lib/findings/state/table.ts';
import { parseMessage, type ScheduledScanPart } from '../../../lib/pipeline/live/message.ts';
import { type ScheduledScanSurroundings, scan } from '../../../lib/pipeline/live/scheduled-scan.ts';
import { scheduledScanAt } from '../../../lib/pipeline/live/tasks.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { makeClients } from '../../../lib/services/clients.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { findingAfter } from '../../findings/life.ts';

const accountRegion = { account: '111122223333', region: 'eu-central-1' };
const now = Date.parse('2026-11-21T10:00:00Z');

function instance(number: number): ArnResource {
  const id = `i-${number}`;
  return {
    type: 'AwsEc2Instance',
    id,
    arn: `arn:aws:ec2:eu-central-1:111122223333:instance/${id}`,
    ...accountRegion,
  };
}

function key(id: string): Resource {
  return { type: 'AwsKmsKey', id, arn: `arn:aws:kms:eu-central-1:111122223333:key/${id}`, ...accountRegion };
}

/** A lister of these pages, whose tokens are their numbers. */
function pagesOf(...pages: readonly (readonly Resource[])[]): Lister {
  return {
    permissions: [],
    async list(_clients, _accountRegion, token = '0'): Promise<Page> {
      const number = Number(token);
      return {
        resources: pages[number] ?? [],
        token: number + 1 < pages.length ? String(number + 1) : undefined,
        unlisted: [],
      };
    },
  };
}

/** An entry of the state table with a finding of this status, published or pending publication. */
function entry(control: Control, resource: Resource, status: Status, published: boolean): Recorded {
  const evaluation = { verdict: 'FAIL' as const, evidence: { summary: '', required: '', observed: [] } };
  const subject = { control, resource, cause: scheduledScanAt(now) };
  const opened = findingAfter(undefined, subject, evaluation, { severity: 'HIGH' });
  const finding: Finding = { ...opened, status };
  return {
    id: findingId(control.id, resource),
    control: control.id,
    resource,
    observations: [],
    base: undefined,
    finding,
    details: undefined,
    version: 1,
    updatedAt: now - 1_000,
    published: published ? { updatedAt: now - 1_000, at: now - 1_000 } : undefined,
  };
}

interface Scenario {
  readonly listers?: Partial<Record<ResourceType, Lister>>;
  readonly stateTable?: readonly (readonly Recorded[])[];
  readonly controls?: readonly Control[];
  readonly reminderOf?: (entry: Recorded) => unknown;
  /** What is left of the time, each time that it is asked for; the last one stays. */
  readonly remaining?: readonly number[];
}

async function scanned(part: ScheduledScanPart | undefined, scenario: Scenario) {
  const sent: { readonly queue: QueueName | 'remediate'; readonly body: unknown }[] = [];
  const remaining = [...(scenario.remaining ?? [250_000])];
  const heartbeats: (readonly [string, ...unknown[]])[] = [];
  const stateTable = scenario.stateTable ?? [];
  const around: ScheduledScanSurroundings = {
    listers: scenario.listers ?? {},
    clients: makeClients({ region: accountRegion.region }),
    stateTable: {
      async page(_accountRegion, token = '0') {
        const number = Number(token);
        return {
          entries: stateTable[number] ?? [],
          token: number + 1 < stateTable.length ? String(number + 1) : undefined,
        };
      },
    },
    controls: scenario.controls ?? controls,
    accountRegion,
    ...(scenario.reminderOf === undefined ? {} : { reminderOf: scenario.reminderOf }),
    send: async (queue, bodies) => {
      sent.push(...bodies.map((body) => ({ queue, body })));
    },
    heartbeats: {
      scanBegan: async (parts, at) => void heartbeats.push(['began', [...parts].toSorted(), at]),
      partDone: async (done, at) => void heartbeats.push(['done', done, at]),
    },
    now: () => now,
    remaining: () => (remaining.length > 1 ? remaining.shift() : remaining[0]) ?? 0,
  };
  const report = await scan(part, around);
  return {
    report,
    heartbeats,
    sent: sent.map(({ queue, body }) => ({
      queue,
      body,
      message: parseMessage(JSON.parse(JSON.stringify(body))),
    })),
  };
}

describe('a request of a scheduled scan', () => {
  it('becomes one message for each type that a control evaluates, and one for the state table', async () => {
    const { sent } = await scanned(undefined, { controls: kmsControls });
    expect(sent.map(({ queue, message }) => ({ queue, message }))).toEqual(
      ['AwsKmsKey', 'AwsKmsGrant', 'stateTable'].map((of) => ({
        queue: 'scan',
        message: { kind: 'scan', part: { of } },
      })),
    );
  });
});

describe('that it runs', () => {
  it('is recorded when it begins, with its parts', async () => {
    const { heartbeats } = await scanned(undefined, { controls: kmsControls });
    const parts = [...new Set(kmsControls.map(({ resourceType }) => resourceType)), 'stateTable'];
    expect(heartbeats).toEqual([['began', parts.toSorted(), now]]);
  });

  it('is recorded of a part when its last page is done, and not before', async () => {
    const listers = { AwsEc2Instance: pagesOf([instance(1)], [instance(2)]) };
    const first = await scanned({ of: 'AwsEc2Instance' }, { listers, remaining: [1_000] });
    expect([first.report.continued, first.heartbeats]).toEqual([true, []]);
    const rest = await scanned({ of: 'AwsEc2Instance', token: '1' }, { listers });
    expect(rest.heartbeats).toEqual([['done', 'AwsEc2Instance', now]]);
    expect((await scanned({ of: 'stateTable' }, {})).heartbeats).toEqual([['done', 'stateTable', now]]);
  });
});

describe('a type', () => {
  it('has every listed resource re-evaluated, by its evaluator', async () => {
    const listers = { AwsEc2Instance: pagesOf([instance(1), instance(2)], [instance(3)]) };
    const { sent, report } = await scanned({ of: 'AwsEc2Instance' }, { listers });
    expect(sent.map(({ queue, message }) => ({ queue, message }))).toEqual([
      {
        queue: 'ec2',
        message: { kind: 're-evaluate', resources: [{ resource: instance(1) }, { resource: instance(2) }] },
      },
      { queue: 'ec2', message: { kind: 're-evaluate', resources: [{ resource: instance(3) }] } },
    ]);
    expect(report).toEqual({
      listed: 3,
      entries: 0,
      open: 0,
      rechecks: 3,
      publications: 0,
      reminders: 0,
      continued: false,
      unlisted: [],
    });
  });

  it('goes in messages of 50 resources', async () => {
    const listers = {
      AwsEc2Instance: pagesOf(Array.from({ length: 120 }, (_, index) => instance(index))),
    };
    const { sent } = await scanned({ of: 'AwsEc2Instance' }, { listers });
    expect(
      sent.map(({ message }) => (message.kind === 're-evaluate' ? message.resources.length : message)),
    ).toEqual([50, 50, 20]);
  });

  it('goes in messages of 10 resources where each of them is a call of its own', async () => {
    const snapshots = Array.from(
      { length: 25 },
      (_, index): ArnResource => ({ ...instance(index), type: 'AwsEc2Snapshot' }),
    );
    const { sent } = await scanned(
      { of: 'AwsEc2Snapshot' },
      { listers: { AwsEc2Snapshot: pagesOf(snapshots) } },
    );
    expect(
      sent.map(({ message }) => (message.kind === 're-evaluate' ? message.resources.length : message)),
    ).toEqual([10, 10, 5]);
  });

  it('goes in messages of at most 200 KB, whatever the resources are called', async () => {
    const long = Array.from({ length: 50 }, (_, index) => key(`${index}`.padStart(10_000, 'é')));
    const { sent } = await scanned({ of: 'AwsKmsKey' }, { listers: { AwsKmsKey: pagesOf(long) } });
    const sizes = sent.map(({ body }) => Buffer.byteLength(JSON.stringify(body)));
    expect(Math.max(...sizes)).toBeLessThan(201 * 1024);
    expect(
      sent.flatMap(({ message }) => (message.kind === 're-evaluate' ? message.resources : [])),
    ).toHaveLength(50);
  });

  it('is continued by another message when the time runs out', async () => {
    const listers = { AwsEc2Instance: pagesOf([instance(1)], [instance(2)], [instance(3)]) };
    const { sent, report } = await scanned(
      { of: 'AwsEc2Instance' },
      { listers, remaining: [200_000, 59_000] },
    );
    expect(sent.map(({ message }) => message)).toEqual([
      { kind: 're-evaluate', resources: [{ resource: instance(1) }] },
      { kind: 're-evaluate', resources: [{ resource: instance(2) }] },
      { kind: 'scan', part: { of: 'AwsEc2Instance', token: '2' } },
    ]);
    expect(report.continued).toBe(true);
  });

  it('continues where the message before it stopped', async () => {
    const listers = { AwsEc2Instance: pagesOf([instance(1)], [instance(2)], [instance(3)]) };
    const { sent } = await scanned({ of: 'AwsEc2Instance', token: '2' }, { listers });
    expect(sent.map(({ message }) => message)).toEqual([
      { kind: 're-evaluate', resources: [{ resource: instance(3) }] },
    ]);
  });

  it('makes progress even when there is hardly any time', async () => {
    const listers = { AwsEc2Instance: pagesOf([instance(1)], [instance(2)]) };
    const { sent } = await scanned({ of: 'AwsEc2Instance' }, { listers, remaining: [0] });
    expect(sent.map(({ message }) => message.kind)).toEqual(['re-evaluate', 'scan']);
  });

  it('is ignored when no control evaluates it any more', async () => {
    const { sent } = await scanned({ of: 'AwsEc2Instance' }, { controls: kmsControls });
    expect(sent).toEqual([]);
  });

  it('that cannot be listed makes the message fail, with the action to allow', async () => {
    const denied = new ListingError('ec2:DescribeInstances', accountRegion, new Error('no'));
    const listers = { AwsEc2Instance: { permissions: [], list: () => Promise.reject(denied) } };
    await expect(scanned({ of: 'AwsEc2Instance' }, { listers })).rejects.toBe(denied);
  });

  it('reports what could not be listed', async () => {
    const trouble = new ListingError('kms:ListGrants', accountRegion, new Error('no'), 'one');
    const list = async () => ({ resources: [], token: undefined, unlisted: [trouble] });
    const { report } = await scanned(
      { of: 'AwsKmsGrant' },
      { listers: { AwsKmsGrant: { permissions: [], list } } },
    );
    expect(report.unlisted).toEqual([trouble]);
  });
});

describe('the state table', () => {
  const [deletion, disabled] = ['kms-key-deletion', 'kms-key-disabled'].map((id) => {
    const found = kmsControls.find((control) => control.id === id);
    if (found === undefined) throw new Error(`there is no control ${id}`);
    return found;
  }) as [Control, Control];

  it('reminds remediation of each entry that has a reminder, where remediation is deployed', async () => {
    const [one, two] = [entry(deletion, key('one'), 'OPEN', true), entry(disabled, key('two'), 'OPEN', true)];
    const reminderOf = ({ id, control }: Recorded) => (control === deletion.id ? { remind: id } : undefined);
    const { sent, report } = await scanned({ of: 'stateTable' }, { stateTable: [[one, two]], reminderOf });
    expect(sent.filter(({ queue }) => queue === 'remediate').map(({ body }) => body)).toEqual([
      { remind: one.id },
    ]);
    expect(report.reminders).toBe(1);
    const without = await scanned({ of: 'stateTable' }, { stateTable: [[one, two]] });
    expect(without.sent.some(({ queue }) => queue === 'remediate')).toBe(false);
  });

  it('has the resource of an open finding re-evaluated, once for all its controls', async () => {
    const stateTable = [
      [entry(deletion, key('one'), 'OPEN', true), entry(disabled, key('one'), 'OPEN', true)],
      [entry(deletion, key('two'), 'OPEN', true)],
    ];
    const { sent, report } = await scanned({ of: 'stateTable' }, { stateTable });
    expect(sent.map(({ queue, message }) => ({ queue, message }))).toEqual([
      {
        queue: 'kms',
        message: {
          kind: 're-evaluate',
          resources: [{ resource: key('one'), controls: ['kms-key-deletion', 'kms-key-disabled'] }],
        },
      },
      {
        queue: 'kms',
        message: {
          kind: 're-evaluate',
          resources: [{ resource: key('two'), controls: ['kms-key-deletion'] }],
        },
      },
    ]);
    expect(report).toMatchObject({ entries: 3, rechecks: 2, publications: 0 });
  });

  it('has pending publications published, without a re-evaluation where nothing is open', async () => {
    const resolved = entry(deletion, key('one'), 'RESOLVED', false);
    const { sent } = await scanned({ of: 'stateTable' }, { stateTable: [[resolved]] });
    expect(sent.map(({ queue, message }) => ({ queue, message }))).toEqual([
      { queue: 'kms', message: { kind: 'publish', findings: [resolved.id], attempt: 1 } },
    ]);
  });

  it('counts each of several messages of pending publications as a first attempt', async () => {
    const pending = Array.from({ length: 101 }, (_, index) =>
      entry(deletion, key(`${index}`), 'RESOLVED', false),
    );
    const { sent } = await scanned({ of: 'stateTable' }, { stateTable: [pending] });
    expect(sent.map(({ message }) => (message.kind === 'publish' ? message.attempt : message))).toEqual([
      1, 1,
    ]);
  });

  it('reports the number of open findings, and of all entries', async () => {
    const stateTable = [
      [entry(deletion, key('one'), 'OPEN', true), entry(deletion, key('two'), 'RESOLVED', true)],
      [entry(deletion, key('three'), 'ARCHIVED', false)],
    ];
    const { report } = await scanned({ of: 'stateTable' }, { stateTable });
    expect([report.entries, report.open]).toEqual([3, 1]);
  });

  it('is left as it is where the control is not enabled', async () => {
    const { sent, report } = await scanned(
      { of: 'stateTable' },
      {
        stateTable: [[entry(deletion, key('one'), 'OPEN', false)]],
        controls: kmsControls.filter((control) => control !== deletion),
      },
    );
    expect(sent).toEqual([]);
    expect(report.entries).toBe(1);
  });

  it('is continued by another message when the time runs out', async () => {
    const stateTable = [
      [entry(deletion, key('one'), 'OPEN', true)],
      [entry(deletion, key('two'), 'OPEN', true)],
    ];
    const { sent } = await scanned({ of: 'stateTable' }, { stateTable, remaining: [1_000] });
    expect(sent.at(-1)?.message).toEqual({ kind: 'scan', part: { of: 'stateTable', token: '1' } });
  });
});
