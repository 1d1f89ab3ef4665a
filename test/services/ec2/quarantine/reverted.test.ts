import { describe, expect, it } from 'vitest';
import { carryOutRequest } from '../../../../lib/remediation/carry-out-request.ts';
import { finding, quarantined } from './reverting.ts';

const isolated = ['trailseal-isolation-vpc-1'];
const two = {
  interfaces: [
    { groups: ['sg-web'], vpc: 'vpc-1' },
    { groups: ['sg-db', 'sg-web'], vpc: 'vpc-1' },
  ],
};

describe('a quarantine that the owner reverted', () => {
  it('is compared with AWS by the next scheduled scan, which tells people, and writes nothing by default', async () => {
    const its = await quarantined('{}');
    expect(its.groups()).toEqual([isolated]);
    its.swap(0, 'sg-web');
    const writes = its.aws.writes.length;
    const { events, because } = await its.scan();
    expect(events).toMatchObject([
      {
        outcome: 'reverted',
        action: 'quarantine',
        finding,
        because: expect.stringContaining('the network interface eni-0 has the security groups sg-web'),
        reversal: { response: 'notify', call: null },
        undo: '',
      },
    ]);
    expect(because).toBeUndefined();
    expect([its.groups(), its.aws.writes.length]).toEqual([[['sg-web']], writes]);
    expect(await its.runs()).toMatchObject([
      { status: 'reverted', before: { interfaces: [{ groups: ['sg-web'] }] } },
    ]);
  });

  it('is reported once, and is never answered with "done already"', async () => {
    const its = await quarantined('{}');
    its.swap(0, 'sg-web');
    await its.scan();
    expect(await its.scan()).toMatchObject({
      events: [],
      because: expect.stringMatching(
        /quarantine was reverted by somebody else\. The policy does not repeat it/,
      ),
    });
  });

  it('and that is in place, needs nothing but the check', async () => {
    const its = await quarantined('{}');
    const calls = its.aws.calls;
    expect(await its.scan()).toMatchObject({
      events: [],
      because: 'Everything was done already, and AWS still has it so.',
    });
    expect(its.aws.calls).toBeGreaterThan(calls);
  });

  it('is published for machines, and nobody is notified, where the policy leaves it at that', async () => {
    const its = await quarantined('{ quarantine: leave }');
    its.swap(0, 'sg-web');
    expect((await its.scan()).events).toMatchObject([
      { outcome: 'reverted', reversal: { response: 'leave' } },
    ]);
    expect(its.groups()).toEqual([['sg-web']]);
  });

  it('is repeated where the policy says so, and undone to the groups before the first one', async () => {
    const its = await quarantined('{ quarantine: repeat }', { shape: two });
    const was = { protection: false };
    its.swap(0, 'sg-swapped');
    expect((await its.scan()).events.map(({ outcome }) => outcome)).toEqual(['reverted', 'done']);
    expect(its.groups()).toEqual([isolated, isolated]);
    expect((await its.runs()).map(({ status }) => status)).toEqual(['reverted', 'done']);
    expect(await its.undoNewest()).toMatchObject({ kind: 'undone' });
    expect(its.groups()).toEqual([['sg-web'], ['sg-db', 'sg-web']]);
    expect(its.aws.picture()).toMatchObject(was);
  });

  it('by an interface that was attached later is repeated, and that one gets its own groups back', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    its.aws.interfaces.push({ ...its.aws.interfaces[0], NetworkInterfaceId: 'eni-later' });
    its.swap(1, 'sg-later');
    const { events } = await its.scan();
    expect(events[0]?.because).toContain('eni-later has the security groups sg-later, and is new');
    expect(its.groups()).toEqual([isolated, isolated]);
    await its.undoNewest();
    expect(its.groups()).toEqual([['sg-web'], ['sg-later']]);
  });

  it('is repeated at most as often as the policy says, and people are notified then', async () => {
    const its = await quarantined('{ quarantine: repeat, maxRepeats: 2 }');
    const outcomes: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      its.swap(0, 'sg-web');
      const { events } = await its.scan();
      outcomes.push(events.map(({ outcome }) => outcome).join(' '));
    }
    expect(outcomes).toEqual(['reverted done', 'reverted done', 'reverted', '', '']);
    expect(its.groups()).toEqual([['sg-web']]);
    const last = (await its.runs()).at(-1);
    expect(last?.reversal).toMatchObject({
      response: 'notify',
      consequence: expect.stringContaining('It was repeated 2 times for this failure'),
    });
  });

  it('counts against the limits when it is repeated, and is repeated when there is room again', async () => {
    const its = await quarantined('{ quarantine: repeat }', { limit: 1 });
    its.swap(0, 'sg-web');
    const { events } = await its.scan(0.5);
    expect(events.map(({ outcome }) => outcome)).toEqual(['reverted', 'skipped']);
    expect(its.groups()).toEqual([['sg-web']]);
  });

  it('is not acted on while AWS does not tell how it is, and that is said', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    its.swap(0, 'sg-web');
    const writes = its.aws.writes.length;
    its.aws.diesAfter = its.aws.calls;
    expect(await its.scan()).toMatchObject({
      events: [],
      because: expect.stringMatching(/^Whether quarantine of i-0abc is in place still could not be read: .*/),
    });
    expect(its.aws.writes.length).toBe(writes);
    expect(await its.runs()).toMatchObject([{ status: 'done' }]);
    its.aws.revive();
    expect((await its.scan()).events.map(({ outcome }) => outcome)).toEqual(['reverted', 'done']);
  });

  it('is nothing to say once the instance complies', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    its.swap(0, 'sg-web');
    its.comply();
    expect((await its.scan()).events).toEqual([]);
    expect(await its.runs()).toMatchObject([{ status: 'done' }]);
  });

  it('is nothing to say while the finding is suppressed', async () => {
    let status: 'NEW' | 'SUPPRESSED' = 'NEW';
    const its = await quarantined('{ quarantine: repeat }', { more: { workflow: async () => ({ status }) } });
    its.swap(0, 'sg-web');
    status = 'SUPPRESSED';
    expect((await its.scan()).events).toEqual([]);
    expect(its.groups()).toEqual([['sg-web']]);
  });

  it('is not meant by an operator’s undo', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    await its.undoNewest();
    expect((await its.scan()).events).toEqual([]);
    expect(await its.runs()).toMatchObject([{ status: 'undone' }]);
    expect(its.groups()).toEqual([['sg-web']]);
  });

  it('is reported, and not repeated by itself, where an operator had requested it', async () => {
    const its = await quarantined('{ quarantine: repeat }', { listed: 'notify' });
    const request = {
      id: 'request-1',
      finding,
      action: 'quarantine',
      actor: 'an operator',
      reason: 'It was used.',
      at: its.aws.deps.now().toISOString(),
    } as const;
    expect((await carryOutRequest(its.deps(), request)).events).toMatchObject([{ outcome: 'done' }]);
    its.swap(0, 'sg-swapped');
    expect((await its.scan()).events).toMatchObject([
      {
        outcome: 'reverted',
        because: expect.stringContaining('An operator requested it, and may request it again.'),
      },
    ]);
    expect(its.groups()).toEqual([['sg-swapped']]);
    const later = { ...request, id: 'request-2', at: its.aws.deps.now().toISOString() };
    expect((await carryOutRequest(its.deps(), later)).events).toMatchObject([{ outcome: 'done' }]);
    await its.undoNewest();
    expect(its.groups()).toEqual([['sg-web']]);
  });
});

describe('a new failure of an instance', () => {
  it('whose quarantine its owner removed while it complied, is quarantined from what its owner set', async () => {
    const its = await quarantined('{}');
    its.comply();
    its.aws.seconds += 60;
    await its.observe('PASS');
    its.swap(0, 'sg-new');
    its.failAgain();
    its.aws.seconds += 60;
    await its.observe('FAIL');
    expect((await its.act()).events).toMatchObject([{ outcome: 'done' }]);
    expect(its.groups()).toEqual([isolated]);
    await its.undoNewest();
    expect(its.groups()).toEqual([['sg-new']]);
  });

  it('that is isolated in part still, keeps the groups that the isolated interface had', async () => {
    const its = await quarantined('{}', { shape: two });
    await its.observe('PASS');
    its.swap(1, 'sg-new');
    its.aws.seconds += 60;
    await its.observe('FAIL');
    expect((await its.act()).events).toMatchObject([{ outcome: 'done' }]);
    await its.undoNewest();
    expect(its.groups()).toEqual([['sg-web'], ['sg-new']]);
  });
});

describe('a call that may revert a quarantine', () => {
  const olga = 'arn:aws:sts::123456789012:assumed-role/owner/olga';

  it.each([
    ['ModifyInstanceAttribute', { instanceId: 'i-0abc', groupSet: { items: [{ groupId: 'sg-web' }] } }],
    [
      'ModifyNetworkInterfaceAttribute',
      { networkInterfaceId: 'eni-0', groupSet: { items: [{ groupId: 'sg-web' }] } },
    ],
    ['AttachNetworkInterface', { networkInterfaceId: 'eni-9', instanceId: 'i-0abc', deviceIndex: 1 }],
    ['StartInstances', { instancesSet: { items: [{ instanceId: 'i-0abc' }] } }],
  ])('%s is noticed at once, and names who made it as a hint', async (eventName, request) => {
    const its = await quarantined('{ quarantine: repeat }');
    its.swap(0, 'sg-web');
    const [remediation] = await its.call(eventName, request);
    expect(remediation?.events).toMatchObject([
      {
        outcome: 'reverted',
        reversal: { call: { eventName, actor: olga, eventId: `event of ${eventName}` } },
      },
      { outcome: 'done' },
    ]);
    expect(remediation?.events[0]?.because).toContain(`CloudTrail tells of ${eventName} by ${olga} at `);
    expect(its.groups()).toEqual([isolated]);
  });

  it('opens the isolation group, of whichever instance it isolates', async () => {
    const its = await quarantined('{}');
    const group = [...its.aws.groups.values()].find(({ tags }) => tags.length > 0);
    if (group === undefined) throw new Error('there is no isolation group');
    group.egress = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '10.0.0.0/8' }] }];
    const [remediation] = await its.call('AuthorizeSecurityGroupEgress', { groupId: group.id });
    expect(remediation?.events).toMatchObject([
      { outcome: 'reverted', because: expect.stringContaining('lets traffic out to 10.0.0.0/8') },
    ]);
  });

  it('on any other security group concerns nothing', async () => {
    const its = await quarantined('{}');
    expect(await its.call('AuthorizeSecurityGroupIngress', { groupId: 'sg-web' })).toEqual([]);
  });

  it('is believed in nothing: a quarantine that is in place stays as it is', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    const writes = its.aws.writes.length;
    expect(await its.call('ModifyInstanceAttribute', { instanceId: 'i-0abc' })).toMatchObject([
      { events: [], again: false, because: 'Everything was done already, and AWS still has it so.' },
    ]);
    expect(its.aws.writes.length).toBe(writes);
  });

  it.each([
    ['failed', { instanceId: 'i-0abc' }, { errorCode: 'Client.UnauthorizedOperation' }],
    ['of another instance', { instanceId: 'i-0other' }, {}],
    ['of another Region', { instanceId: 'i-0abc' }, { awsRegion: 'eu-west-1' }],
    ['of another account', { instanceId: 'i-0abc' }, { recipientAccountId: '999999999999' }],
    ['before the quarantine was done', { instanceId: 'i-0abc' }, { eventTime: '2026-11-20T00:00:00Z' }],
  ])('that is %s leads to nothing', async (_what, request, more) => {
    const its = await quarantined('{ quarantine: repeat }');
    its.swap(0, 'sg-web');
    expect(await its.call('ModifyInstanceAttribute', request, more)).toEqual([]);
    expect(its.groups()).toEqual([['sg-web']]);
  });

  it('comes again while AWS does not tell whether the quarantine is in place', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    its.swap(0, 'sg-web');
    its.aws.diesAfter = its.aws.calls;
    expect(await its.call('ModifyInstanceAttribute', { instanceId: 'i-0abc' })).toMatchObject([
      { events: [], again: true },
    ]);
    expect(await its.runs()).toMatchObject([{ status: 'done' }]);
  });

  it('is an operator’s undo', async () => {
    const its = await quarantined('{ quarantine: repeat }');
    await its.undoNewest();
    expect(await its.call('ModifyNetworkInterfaceAttribute', { networkInterfaceId: 'eni-0' })).toEqual([]);
    expect(its.groups()).toEqual([['sg-web']]);
  });
});
