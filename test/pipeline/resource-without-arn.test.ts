import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { findingIdsOf, subjectOf } from '../../cli/operator/subject.ts';
import { findingJson } from '../../cli/output/replay-json.ts';
import { findingSchema } from '../../cli/output/replay-schema.ts';
import type { CurrentResource, FactRequest } from '../../lib/core/fact-provider.ts';
import { type Facts, unknownFact } from '../../lib/core/facts.ts';
import { resourceName } from '../../lib/core/resource-name.ts';
import { findingId } from '../../lib/findings/id.ts';
import { Publisher } from '../../lib/findings/publisher.ts';
import { fromItem, toItem } from '../../lib/findings/state/item.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import { compose } from '../../lib/notifications/compose.ts';
import { triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { Evaluator } from '../../lib/pipeline/live/evaluator.ts';
import { parseMessage, recheckBody } from '../../lib/pipeline/live/message.ts';
import { servesOnly, tasksOfRechecks } from '../../lib/pipeline/live/tasks.ts';
import { replay } from '../../lib/pipeline/replay/replay.ts';
import { notOurs } from '../../lib/remediation/actions/run.ts';
import { transitionOf, transitionSchema } from '../../lib/remediation/events/transition.ts';
import { parseRemediation } from '../../lib/remediation/message.ts';
import { eventOf } from '../evaluating.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { policyOf } from '../policy/fixtures.ts';
import { accountRegion, control, namespace, pod } from './pods.ts';

vi.mock('../../lib/services/index.ts', async (original) => {
  const { pods } = await import('./pods.ts');
  return { ...(await original<object>()), pods };
});

const { account, region } = accountRegion;
const now = Date.parse('2026-03-01T12:00:00Z');

function call(eventName: string, request: Readonly<Record<string, string>>, minute = 0) {
  return {
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventVersion: '1.11',
      eventID: `${eventName} ${JSON.stringify(request)}`,
      eventTime: `2026-03-01T11:${50 + minute}:00Z`,
      eventSource: 'pods.example.com',
      eventName,
      awsRegion: region,
      recipientAccountId: account,
      userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/ana`, accountId: account },
      requestParameters: request,
      responseElements: null,
    },
  };
}
/** Two pods of the same name in two namespaces. */
const created = ['shop', 'blog'].map((space) => call('CreatePod', { namespace: space, pod: 'web' }));

/** As a cluster's API answers: what may be deleted is. */
function answered({ resource, mayBeDeleted = false }: FactRequest): readonly CurrentResource[] {
  const facts: Partial<Facts> = mayBeDeleted
    ? { 'kms.key': unknownFact('deleted', 'there is no such pod') }
    : {};
  return [{ resource, facts }];
}

async function evaluated(policy: string, ...records: readonly object[]) {
  const client = new SecurityHubClient({ region });
  const hub = mockClient(client);
  hub.on(BatchImportFindingsCommand).callsFake(({ Findings = [] }) => ({
    FailedCount: 0,
    SuccessCount: Findings.length,
    FailedFindings: [],
  }));
  const stateTable = new MemoryStateTable({ now: () => now });
  const evaluator = new Evaluator({
    controls: [control],
    policy: policyOf(policy, [control]),
    serves: servesOnly(accountRegion),
    facts: { readCurrent: async (requests) => requests.map(answered) },
    stateTable,
    publisher: new Publisher({
      clientOf: () => client,
      now: () => new Date(now),
      wait: async () => undefined,
      random: () => 0.5,
    }),
    queues: { again: async () => undefined, deadLetter: async () => undefined },
    now: () => now,
  });
  for (const [index, record] of records.entries()) {
    await evaluator.take([{ id: `message ${index}`, body: JSON.stringify(record), receives: 1 }]);
  }
  const ids = ['shop', 'blog'].map((space) => findingId(control.id, pod(space)));
  const entries = await stateTable.read(ids);
  return {
    entries: ids.map((id) => entries.get(id)),
    published: hub
      .commandCalls(BatchImportFindingsCommand)
      .flatMap(({ args: [{ input }] }) => input.Findings ?? []),
  };
}

const notifying = 'version: 1\ndefaults: { actions: [notify] }';

async function opened(): Promise<Recorded> {
  const [entry] = (await evaluated(notifying, ...created)).entries;
  if (entry === undefined) throw new Error('nothing was recorded');
  return entry;
}

/** The transition that opened the finding, as the bus delivers it. */
async function transition() {
  const entry = await opened();
  return transitionSchema.parse(JSON.parse(JSON.stringify(transitionOf(undefined, entry))));
}

describe('two resources of one name below two parents, of a type without ARNs', () => {
  it('have a finding each, live', async () => {
    const { entries } = await evaluated('version: 1', ...created);
    expect(entries.map((entry) => [entry?.finding?.status, entry?.finding?.resource])).toEqual([
      ['OPEN', { type: 'MadeUpPod', id: 'prod/shop/web' }],
      ['OPEN', { type: 'MadeUpPod', id: 'prod/blog/web' }],
    ]);
  });

  it('have a finding each in a replay', async () => {
    const ids: string[] = [];
    await replay(
      created.map(eventOf),
      { controls: [control], policy: policyOf('version: 1', [control]), now: new Date(now) },
      { finding: ({ id }) => void ids.push(id) },
    );
    expect(ids.toSorted()).toEqual(['blog', 'shop'].map((space) => findingId(control.id, pod(space))));
  });

  it('lose only the finding of what is part of a deleted parent', async () => {
    const deletion = call('DeleteNamespace', { namespace: 'shop' }, 5);
    const { entries } = await evaluated('version: 1', ...created, deletion);
    expect(entries.map((entry) => entry?.finding?.status)).toEqual(['ARCHIVED', 'OPEN']);
  });

  it('are exempted by their own names', async () => {
    const resources = JSON.stringify([`${account}/*/MadeUpPod/prod/shop/*`]);
    const exemption = `{ resources: ${resources}, reason: Sandbox, owner: shop, expires: 2026-12-31 }`;
    const { entries } = await evaluated(`version: 1\nexemptions: [${exemption}]`, ...created);
    expect(entries.map((entry) => entry?.finding?.exemption?.state)).toEqual(['active', undefined]);
  });
});

describe('a resource without an ARN', () => {
  it('is in Security Hub by the id of its service, with its parent', async () => {
    const { published } = await evaluated('version: 1', ...created);
    expect(published.map(({ Resources }) => Resources)).toEqual(
      ['shop', 'blog'].map((space) => [
        {
          Type: 'Other',
          Id: `prod/${space}/web`,
          Partition: 'aws',
          Region: region,
          Details: { Other: { id: `prod/${space}/web`, type: 'MadeUpPod' } },
        },
      ]),
    );
  });

  it('comes back from the state table as it was', async () => {
    const entry = await opened();
    expect(fromItem(toItem(entry, now))).toEqual(entry);
    expect(entry.resource).toEqual(pod('shop'));
  });

  it('comes back from a message of the queue as it was, and is evaluated', () => {
    const message = parseMessage(JSON.parse(JSON.stringify(recheckBody([{ resource: pod('shop') }]))));
    expect(message).toEqual({ kind: 're-evaluate', resources: [{ resource: pod('shop') }] });
    const { tasks } = tasksOfRechecks(
      [{ resource: pod('shop') }],
      'm1',
      now,
      [control],
      servesOnly(accountRegion),
    );
    expect(tasks.map(({ resource }) => resource)).toEqual([pod('shop')]);
  });

  it('is refused in a message that gives it an ARN, as no AWS service would', () => {
    const resource = { ...pod('shop'), arn: `arn:aws:kms:${region}:${account}:key/k` };
    const tasks = tasksOfRechecks(
      [{ resource: resource as never }],
      'm1',
      now,
      [control],
      servesOnly(accountRegion),
    );
    expect(tasks).toEqual({ tasks: [], ignored: 'names-differ' });
  });

  it('is refused where its parent is in another account', () => {
    const resource = { ...pod('shop'), partOf: `444455556666/${region}/MadeUpNamespace/prod/shop` };
    const tasks = tasksOfRechecks([{ resource }], 'm1', now, [control], servesOnly(accountRegion));
    expect(tasks).toEqual({ tasks: [], ignored: 'other-account-or-region' });
  });

  it('is remediated by what the state table says of it', async () => {
    const entry = await opened();
    const message = parseRemediation(
      JSON.stringify({ source: 'trailseal', 'detail-type': 'Control Failed', detail: await transition() }),
    );
    expect(message).toMatchObject({ kind: 'remediation', request: { finding: entry.id } });
    expect(notOurs(entry.resource, accountRegion)).toBeUndefined();
  });

  it('is not remediated by the deployment of another account', async () => {
    const { resource } = await opened();
    expect(notOurs(resource, { account: '444455556666', region })).toMatch(/is not in account 444455556666/);
  });

  it('is named in notifications, with its parent', async () => {
    const trigger = triggerOfTransition(await transition());
    const [notification] = compose(trigger === undefined ? [] : [trigger], () => control, 'dev');
    const name = `${account}/${region}/MadeUpPod/prod/shop/web`;
    expect(notification?.text).toContain(`\nResource: ${name}\n`);
    expect(notification?.subject).toContain('prod/shop/web');
    expect(notification?.chat.metadata.relatedResources).toEqual([name]);
    expect(JSON.parse(notification?.json ?? '').items[0].resource).toEqual({
      type: 'MadeUpPod',
      id: 'prod/shop/web',
      arn: null,
    });
  });

  it('has no ARN in the JSON of a replay', async () => {
    const { finding } = await opened();
    const json = finding && findingSchema.parse(findingJson(finding));
    expect(json?.resource).toEqual({ type: 'MadeUpPod', id: 'prod/shop/web', arn: null });
  });

  it('is named by an operator as messages name it', () => {
    const subject = subjectOf(resourceName(pod('shop')));
    expect(subject).toMatchObject({ kind: 'resource', account, region });
    expect(findingIdsOf(subject, accountRegion, [control])).toEqual([findingId(control.id, pod('shop'))]);
  });

  it('is not named by the like of its name for a type that has ARNs, or that there is not', () => {
    for (const type of ['AwsKmsKey', 'Nothing']) {
      expect(() => subjectOf(`${account}/${region}/${type}/prod/shop/web`)).toThrow(/is neither the id/);
    }
    expect(resourceName(namespace('shop'))).toBe(`${account}/${region}/MadeUpNamespace/prod/shop`);
  });
});
