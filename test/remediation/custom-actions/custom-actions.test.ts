import { describe, expect, it } from 'vitest';
import { customActionResource } from '../../../lib/aws/names.ts';
import type { CustomActionName } from '../../../lib/core/custom-action.ts';
import { parseBody } from '../../../lib/pipeline/live/message.ts';
import type { OperatorExemption } from '../../../lib/policy/operator-exemption.ts';
import {
  type CustomActionDeps,
  handleCustomAction,
  noteActionEvents,
} from '../../../lib/remediation/custom-actions/custom-actions.ts';
import { parseOperatorMessage } from '../../../lib/remediation/custom-actions/message.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { action } from '../../notifications/events.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { simulated } from '../fixture.ts';
import { account, eventOf, finding, key, region, usedAt } from './events.ts';

const everything = 'operators: { customActions: [fix:enable-key, undo, re-check, exempt] }';

/** A deployment with custom actions and one finding, about a disabled key. */
async function deployment(
  policy = everything,
  remediates = true,
  unnoted: readonly string[] = [],
  missing: readonly string[] = [],
) {
  const { stateTable } = await simulated(everything, {}, key);
  const exemptions = new Map<string, OperatorExemption>();
  const sent: { queue: string; body: unknown }[] = [];
  const notes: { id: string; news: string; author: string }[] = [];
  const deps: CustomActionDeps = {
    controls: kmsControls,
    policy: policyOf(`version: 1\n${policy}`, kmsControls),
    accountRegion: { account, region },
    stage: 'dev',
    stateTable,
    exemptions: {
      all: async () => exemptions,
      give: async (exemption) => {
        const said = ({ lifted, givenAt }: OperatorExemption) => Date.parse(lifted?.at ?? givenAt);
        const held = exemptions.get(exemption.finding);
        if (held !== undefined && said(held) > said(exemption)) return false;
        exemptions.set(exemption.finding, exemption);
        return true;
      },
    },
    send: async (queue, body) => {
      sent.push({ queue, body });
      return true;
    },
    request: async (request) => {
      if (remediates) sent.push({ queue: 'remediate', body: request });
      return remediates;
    },
    inSecurityHub: async ({ id }) => !missing.includes(id),
    note: async ({ id }, news, author) => {
      if (unnoted.some((name) => id.endsWith(name))) throw new Error('no notes');
      notes.push({ id, news: news.join(' | '), author });
    },
    productArn: finding.ProductArn,
  };
  const use = async (customAction: CustomActionName, of: Partial<typeof finding> = {}, time?: string) => {
    const event = {
      ...eventOf(customAction, { findings: [{ ...finding, ...of }] }),
      ...(time ? { time } : {}),
    };
    const message = parseOperatorMessage(JSON.stringify(event), 'dev', Date.parse(event.time));
    if (message.kind !== 'custom-action') throw new Error(JSON.stringify(message));
    return handleCustomAction(deps, message.event);
  };
  return { deps, use, sent, notes, exemptions, stateTable };
}

/** What was requested, as it is stored; what was sent to an evaluator, as it reads it. */
function read({ queue, body }: { queue: string; body: unknown }) {
  return queue === 'remediate' ? body : parseBody(JSON.stringify(body));
}

describe('Fix', () => {
  it('requests the fix from remediation, in the operator’s name, and notes that', async () => {
    const { use, sent, notes } = await deployment();
    const [made] = await use('fix');
    expect(made?.accepted).toBe(true);
    expect(sent.map(read)).toEqual([
      {
        id: `6d9b1c1e-0000-4000-8000-000000000001 ${finding.Id}`,
        finding: finding.Id,
        action: 'fix',
        actor: `an operator whom AWS does not name, by the custom action "Fix" in Security Hub (account ${account})`,
        reason: '"Fix" was used for this finding in Security Hub at 2026-11-21T10:00:00.000Z.',
        at: '2026-11-21T10:00:00.000Z',
      },
    ]);
    expect(notes).toEqual([
      {
        id: finding.Id,
        news: '2026-11-21T10:00:00.000Z "Fix": Requested: fix:enable-key. The result will be noted here.',
        author: 'Trailseal (dev)',
      },
    ]);
  });

  it('requests nothing that the policy does not let operators request, and notes why', async () => {
    const { use, sent, notes } = await deployment(
      'operators: { customActions: [undo, fix:enable-rotation] }',
    );
    await use('fix');
    expect(sent).toEqual([]);
    expect(notes[0]?.news).toMatch(
      /There is no fix for kms-key-disabled that the policy lets operators request/,
    );
  });
});

describe('a custom action that the policy does not have', () => {
  it('does nothing, and the note says why', async () => {
    const { use, sent, notes, exemptions } = await deployment('operators: { customActions: [re-check] }');
    for (const customAction of ['fix', 'quarantine', 'undo', 'exempt'] as const) await use(customAction);
    expect([sent, [...exemptions]]).toEqual([[], []]);
    expect(notes.map(({ news }) => news)).toEqual(
      ['Fix', 'Quarantine', 'Undo', 'Exempt for 30 days'].map((name) =>
        expect.stringContaining(`The policy does not let operators use "${name}"`),
      ),
    );
  });
});

describe('Re-check', () => {
  it('has the resource evaluated by the control', async () => {
    const { use, sent } = await deployment();
    await use('re-check');
    expect(sent.map(({ queue }) => queue)).toEqual(['kms']);
    expect(sent.map(read)).toMatchObject([
      { kind: 're-evaluate', resources: [{ resource: { id: key.id }, controls: ['kms-key-disabled'] }] },
    ]);
  });
});

describe('Exempt for 30 days', () => {
  it('exempts the finding, and has it evaluated so that it says so', async () => {
    const { use, sent, exemptions, notes } = await deployment();
    await use('exempt');
    expect([...exemptions.values()]).toEqual([
      {
        finding: finding.Id,
        reason: 'Exempt for 30 days, by "Exempt for 30 days" in Security Hub',
        owner: `an operator whom AWS does not name, by the custom action "Exempt for 30 days" in Security Hub (account ${account})`,
        expires: '2026-12-21',
        givenAt: '2026-11-21T10:00:00.000Z',
        lifted: null,
      },
    ]);
    expect(sent.map(read)).toMatchObject([{ kind: 're-evaluate' }]);
    expect(notes[0]?.news).toContain('Exempt until 2026-12-21 (UTC)');
  });

  it('that comes again late does not restore an exemption that was ended meanwhile', async () => {
    const { use, exemptions } = await deployment();
    await use('exempt');
    await use('undo', {}, '2026-11-21T11:00:00Z');
    await use('exempt');
    expect(exemptions.get(finding.Id)?.lifted).toMatchObject({ at: '2026-11-21T11:00:00.000Z' });
  });

  it('exempts nothing whose finding is closed', async () => {
    const { use, exemptions, notes, stateTable } = await deployment();
    const entry = stateTable.entries.get(finding.Id);
    if (entry?.finding === undefined) throw new Error('there is no finding');
    stateTable.entries.set(finding.Id, { ...entry, finding: { ...entry.finding, status: 'RESOLVED' } });
    await use('exempt');
    expect(exemptions.size).toBe(0);
    expect(notes[0]?.news).toContain('The finding is RESOLVED');
  });
});

describe('Undo', () => {
  it('requests the undo from remediation', async () => {
    const { use, sent } = await deployment();
    await use('undo');
    expect(sent.map(read)).toMatchObject([{ action: 'undo', finding: finding.Id }]);
  });

  it('ends an exemption too, and has the finding evaluated', async () => {
    const { use, sent, exemptions, notes } = await deployment();
    await use('exempt');
    sent.length = 0;
    await use('undo', {}, '2026-11-21T11:00:00Z');
    expect(exemptions.get(finding.Id)?.lifted).toEqual({
      by: `an operator whom AWS does not name, by the custom action "Undo" in Security Hub (account ${account})`,
      at: '2026-11-21T11:00:00.000Z',
    });
    expect(sent.map(({ queue }) => queue)).toEqual(['kms', 'remediate']);
    expect(notes.at(-1)?.news).toContain('The exemption is ended.');
  });

  it('says so where this deployment changes nothing', async () => {
    const { use, notes } = await deployment(everything, false);
    await use('undo');
    expect(notes[0]?.news).toContain('This deployment changes no resources');
  });
});

describe('a finding of somebody else', () => {
  it.each([
    [
      'of another product',
      { Id: 'arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f' },
      /can only act on its own findings/,
    ],
    ['of another account', { AwsAccountId: '444455556666' }, /use the custom action of the deployment there/],
    ['of another Region', { Region: 'us-east-1' }, /use the custom action of the deployment there/],
    ['that the state table does not know', { Id: 'trailseal/kms-key-disabled/x' }, /has no such finding/],
    [
      'of a product with a similar ARN',
      { ProductArn: `arn:aws:securityhub:${region}::product/other/product` },
      /has no such finding/,
    ],
  ])('%s gets a note that says why nothing is done', async (_what, changes, reason) => {
    const { use, sent, notes, exemptions } = await deployment();
    for (const customAction of ['fix', 'undo', 're-check', 'exempt'] as const)
      await use(customAction, changes);
    expect([sent, [...exemptions]]).toEqual([[], []]);
    const id = 'Id' in changes ? changes.Id : finding.Id;
    expect(notes.map((note) => note.id)).toEqual([id, id, id, id]);
    for (const { news } of notes) expect(news).toMatch(reason);
  });
});

describe('a custom action that is not what it says', () => {
  it('of another account or Region does nothing, and notes nothing', async () => {
    const { deps, sent, notes, exemptions } = await deployment();
    for (const changes of [{ account: '444455556666' }, { region: 'us-east-1' }]) {
      const event = { ...eventOf('exempt'), ...changes };
      const arns = [
        `arn:aws:securityhub:${event.region}:${event.account}:${customActionResource('dev', 'exempt')}`,
      ];
      const message = parseOperatorMessage(JSON.stringify({ ...event, resources: arns }), 'dev', usedAt);
      if (message.kind !== 'custom-action') throw new Error(JSON.stringify(message));
      expect(await handleCustomAction(deps, message.event)).toMatchObject([
        { accepted: false, note: expect.stringMatching(/nothing is done/) },
      ]);
    }
    expect([sent, notes, [...exemptions]]).toEqual([[], [], []]);
  });

  it('is malformed where its ARN is of another account or Region than the event', () => {
    for (const changes of [{ account: '444455556666' }, { region: 'us-east-1' }]) {
      const body = JSON.stringify({ ...eventOf('exempt'), ...changes });
      expect(parseOperatorMessage(body, 'dev', usedAt).kind).toBe('malformed');
    }
  });

  it('about a finding that Security Hub does not have does nothing', async () => {
    const { use, sent, exemptions, notes } = await deployment(everything, true, [], [finding.Id]);
    for (const customAction of ['fix', 'undo', 're-check', 'exempt'] as const) await use(customAction);
    expect([sent, [...exemptions]]).toEqual([[], []]);
    for (const { news } of notes) expect(news).toMatch(/does not have the finding: nothing is done/);
  });

  it('is attributed to nobody, as AWS names nobody, whatever the event says', async () => {
    const { deps, exemptions } = await deployment();
    const event = eventOf('exempt');
    const body = { ...event, detail: { ...event.detail, userIdentity: { arn: 'arn:aws:iam::1:user/ciso' } } };
    const message = parseOperatorMessage(JSON.stringify(body), 'dev', usedAt);
    if (message.kind !== 'custom-action') throw new Error(JSON.stringify(message));
    await handleCustomAction(deps, message.event);
    expect(exemptions.get(finding.Id)?.owner).toBe(
      `an operator whom AWS does not name, by the custom action "Exempt for 30 days" in Security Hub (account ${account})`,
    );
  });
});

describe('a note that Security Hub does not take', () => {
  it('does not keep the other findings from being handled, and the event comes again', async () => {
    const { deps, sent, stateTable } = await deployment(everything, true, ['first']);
    const entry = stateTable.entries.get(finding.Id);
    if (entry === undefined) throw new Error('there is no finding');
    stateTable.entries.set('trailseal/first', entry);
    const findings = [{ ...finding, Id: 'trailseal/first' }, finding];
    const message = parseOperatorMessage(JSON.stringify(eventOf('fix', { findings })), 'dev', usedAt);
    if (message.kind !== 'custom-action') throw new Error(JSON.stringify(message));
    await expect(handleCustomAction(deps, message.event)).rejects.toThrow('no notes');
    expect(sent.map(read)).toMatchObject([{ action: 'fix' }, { action: 'fix' }]);
  });
});

describe('an event about a requested action', () => {
  it('is noted on the finding', async () => {
    const { deps, notes } = await deployment();
    await noteActionEvents(deps, [action({ outcome: 'skipped', because: 'The kill switch is engaged.' })]);
    expect(notes).toEqual([
      {
        id: action().finding,
        news: expect.stringContaining('The kill switch is engaged.'),
        author: 'Trailseal (dev)',
      },
    ]);
  });
});
