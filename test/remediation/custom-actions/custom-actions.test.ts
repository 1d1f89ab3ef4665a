import { describe, expect, it } from 'vitest';
import { parseBody } from '../../../lib/pipeline/live/message.ts';
import type { CustomActionName } from '../../../lib/policy/custom-actions.ts';
import type { OperatorExemption } from '../../../lib/policy/operator-exemption.ts';
import { Operator } from '../../../lib/remediation/custom-actions/custom-actions.ts';
import { parseOperatorMessage } from '../../../lib/remediation/custom-actions/message.ts';
import { parseRemediation } from '../../../lib/remediation/message.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { action } from '../../notifications/events.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { room } from '../fixture.ts';
import { account, eventOf, finding, key, region } from './events.ts';

const everything = 'operators: { customActions: [fix:enable-key, undo, re-check, exempt] }';

/** The operators' side of a deployment with one finding, about a disabled key. */
async function deployment(policy = everything, remediates = true, unnoted: readonly string[] = []) {
  const { stateTable } = await room(everything, {}, key);
  const exemptions = new Map<string, OperatorExemption>();
  const sent: { queue: string; body: unknown }[] = [];
  const notes: { id: string; news: string; author: string }[] = [];
  const operator = new Operator({
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
      if (queue === 'remediate' && !remediates) return false;
      sent.push({ queue, body });
      return true;
    },
    note: async ({ id }, news, author) => {
      if (unnoted.some((name) => id.endsWith(name))) throw new Error('no notes');
      notes.push({ id, news: news.join(' | '), author });
    },
    productArn: finding.ProductArn,
  });
  const customActionEvent = async (
    customAction: CustomActionName,
    of: Partial<typeof finding> = {},
    time?: string,
  ) => {
    const event = {
      ...eventOf(customAction, { findings: [{ ...finding, ...of }] }),
      ...(time ? { time } : {}),
    };
    const message = parseOperatorMessage(JSON.stringify(event), 'dev');
    if (message.kind !== 'customActionEvent') throw new Error(JSON.stringify(message));
    return operator.customActionEvent(message.customActionEvent);
  };
  return { operator, customActionEvent, sent, notes, exemptions, stateTable };
}

/** What was sent, as those who receive it read it. */
function read({ queue, body }: { queue: string; body: unknown }) {
  const text = JSON.stringify(body);
  return queue === 'remediate' ? parseRemediation(text) : parseBody(text);
}

describe('Fix', () => {
  it('orders the fix of remediation, in the operator’s name, and notes that', async () => {
    const { customActionEvent, sent, notes } = await deployment();
    const [made] = await customActionEvent('fix');
    expect(made?.taken).toBe(true);
    expect(sent.map(read)).toEqual([
      {
        kind: 'order',
        attempt: 1,
        partiallyCompleted: false,
        order: {
          id: `6d9b1c1e-0000-4000-8000-000000000001 ${finding.Id}`,
          finding: finding.Id,
          what: 'fix',
          by: `an operator by the custom action "Fix" in Security Hub (account ${account})`,
          why: 'Somebody pressed "Fix" for this finding at 2026-11-21T10:00:00.000Z.',
          at: '2026-11-21T10:00:00.000Z',
        },
      },
    ]);
    expect(notes).toEqual([
      {
        id: finding.Id,
        news: '2026-11-21T10:00:00.000Z "Fix": Ordered: fix:enable-key. What came of it will be noted here.',
        author: 'Trailseal (dev)',
      },
    ]);
  });

  it('orders nothing that the policy lets nobody order, and notes why', async () => {
    const { customActionEvent, sent, notes } = await deployment(
      'operators: { customActions: [undo, fix:enable-rotation] }',
    );
    await customActionEvent('fix');
    expect(sent).toEqual([]);
    expect(notes[0]?.news).toMatch(
      /There is no fix of what kms-key-disabled finds that the policy lets operators order/,
    );
  });
});

describe('a custom action that the policy does not have', () => {
  it('does nothing, and the note says why', async () => {
    const { customActionEvent, sent, notes, exemptions } = await deployment(
      'operators: { customActions: [re-check] }',
    );
    for (const customAction of ['fix', 'quarantine', 'undo', 'exempt'] as const)
      await customActionEvent(customAction);
    expect([sent, [...exemptions]]).toEqual([[], []]);
    expect(notes.map(({ news }) => news)).toEqual(
      ['Fix', 'Quarantine', 'Release and undo', 'Exempt for 30 days'].map((name) =>
        expect.stringContaining(`The policy lets nobody order "${name}"`),
      ),
    );
  });
});

describe('Re-check', () => {
  it('has the resource looked at by the control', async () => {
    const { customActionEvent, sent } = await deployment();
    await customActionEvent('re-check');
    expect(sent.map(({ queue }) => queue)).toEqual(['kms']);
    expect(sent.map(read)).toMatchObject([
      { kind: 'look', looks: [{ resource: { id: key.id }, controls: ['kms-key-disabled'] }] },
    ]);
  });
});

describe('Exempt for 30 days', () => {
  it('exempts the finding, and has it looked at so that it says so', async () => {
    const { customActionEvent, sent, exemptions, notes } = await deployment();
    await customActionEvent('exempt');
    expect([...exemptions.values()]).toEqual([
      {
        finding: finding.Id,
        reason: 'Exempt for 30 days, by "Exempt for 30 days" in Security Hub',
        owner: `an operator by the custom action "Exempt for 30 days" in Security Hub (account ${account})`,
        expires: '2026-12-21',
        givenAt: '2026-11-21T10:00:00.000Z',
        lifted: null,
      },
    ]);
    expect(sent.map(read)).toMatchObject([{ kind: 'look' }]);
    expect(notes[0]?.news).toContain('Exempt until 2026-12-21 (UTC)');
  });

  it('that comes again late does not give back what was taken back meanwhile', async () => {
    const { customActionEvent, exemptions } = await deployment();
    await customActionEvent('exempt');
    await customActionEvent('undo', {}, '2026-11-21T11:00:00Z');
    await customActionEvent('exempt');
    expect(exemptions.get(finding.Id)?.lifted).toMatchObject({ at: '2026-11-21T11:00:00.000Z' });
  });

  it('exempts nothing whose finding is closed', async () => {
    const { customActionEvent, exemptions, notes, stateTable } = await deployment();
    const entry = stateTable.entries.get(finding.Id);
    if (entry?.finding === undefined) throw new Error('there is no finding');
    stateTable.entries.set(finding.Id, { ...entry, finding: { ...entry.finding, status: 'RESOLVED' } });
    await customActionEvent('exempt');
    expect(exemptions.size).toBe(0);
    expect(notes[0]?.news).toContain('The finding is RESOLVED');
  });
});

describe('Release and undo', () => {
  it('orders the undo of remediation', async () => {
    const { customActionEvent, sent } = await deployment();
    await customActionEvent('undo');
    expect(sent.map(read)).toMatchObject([{ kind: 'order', order: { what: 'undo', finding: finding.Id } }]);
  });

  it('takes back an exemption too, and has the finding looked at', async () => {
    const { customActionEvent, sent, exemptions, notes } = await deployment();
    await customActionEvent('exempt');
    sent.length = 0;
    await customActionEvent('undo', {}, '2026-11-21T11:00:00Z');
    expect(exemptions.get(finding.Id)?.lifted).toEqual({
      by: `an operator by the custom action "Release and undo" in Security Hub (account ${account})`,
      at: '2026-11-21T11:00:00.000Z',
    });
    expect(sent.map(({ queue }) => queue)).toEqual(['kms', 'remediate']);
    expect(notes.at(-1)?.news).toContain('The exemption is taken back.');
  });

  it('says so where this deployment changes nothing', async () => {
    const { customActionEvent, notes } = await deployment(everything, false);
    await customActionEvent('undo');
    expect(notes[0]?.news).toContain('This deployment changes no resources');
  });
});

describe('a finding that is not ours', () => {
  it.each([
    [
      'of another product',
      { Id: 'arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f' },
      /can only act on its own findings/,
    ],
    [
      'of another account',
      { AwsAccountId: '444455556666' },
      /press the custom action of the deployment there/,
    ],
    ['of another Region', { Region: 'us-east-1' }, /press the custom action of the deployment there/],
    [
      'that the state table does not know',
      { Id: 'trailseal/kms-key-disabled/x' },
      /knows of no such finding/,
    ],
    [
      'of a product that only looks like ours',
      { ProductArn: `arn:aws:securityhub:${region}::product/other/product` },
      /knows of no such finding/,
    ],
  ])('%s gets a note that says why nothing is done', async (_what, changes, reason) => {
    const { customActionEvent, sent, notes, exemptions } = await deployment();
    for (const customAction of ['fix', 'undo', 're-check', 'exempt'] as const)
      await customActionEvent(customAction, changes);
    expect([sent, [...exemptions]]).toEqual([[], []]);
    const id = 'Id' in changes ? changes.Id : finding.Id;
    expect(notes.map((note) => note.id)).toEqual([id, id, id, id]);
    for (const { news } of notes) expect(news).toMatch(reason);
  });
});

describe('a note that Security Hub does not take', () => {
  it('keeps no other finding waiting, and has the press come again', async () => {
    const { operator, sent, stateTable } = await deployment(everything, true, ['first']);
    const entry = stateTable.entries.get(finding.Id);
    if (entry === undefined) throw new Error('there is no finding');
    stateTable.entries.set('trailseal/first', entry);
    const findings = [{ ...finding, Id: 'trailseal/first' }, finding];
    const message = parseOperatorMessage(JSON.stringify(eventOf('fix', { findings })), 'dev');
    if (message.kind !== 'customActionEvent') throw new Error(JSON.stringify(message));
    await expect(operator.customActionEvent(message.customActionEvent)).rejects.toThrow('no notes');
    expect(sent.map(read)).toMatchObject([{ kind: 'order' }, { kind: 'order' }]);
  });
});

describe('what came of an order', () => {
  it('is noted on the finding', async () => {
    const { operator, notes } = await deployment();
    await operator.answer([action({ outcome: 'skipped', because: 'The kill switch is on.' })]);
    expect(notes).toEqual([
      {
        id: action().finding,
        news: expect.stringContaining('The kill switch is on.'),
        author: 'Trailseal (dev)',
      },
    ]);
  });
});
