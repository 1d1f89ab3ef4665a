import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { historyPermission, setPermission } from '../../cli/aws/parameter.ts';
import { chooseActionRuns, sinceOf } from '../../cli/operator/choose.ts';
import { checkConsent, consented, type Prompt, promptAt } from '../../cli/operator/consent.ts';
import { checkAccountRegion, findingIdsOf, regionOfAll, subjectOf } from '../../cli/operator/subject.ts';
import { isComplete, previewText, undoJson, undoText } from '../../cli/undo/text.ts';
import { previewUndo, type UndoAllOptions, type UndoAttemptResult, undoAll } from '../../cli/undo/undo.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { killSwitchPermission } from '../../lib/remediation/kill-switch.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { MemoryRunHistory } from '../remediation/actions/memory-run-history.ts';
import { accountRegion, fakeKey, leaseFor } from '../remediation/actions/simulated-resource.ts';
import { trailseal, workFolder } from './command.ts';

const key = 'arn:aws:kms:eu-central-1:111122223333:key/k';

describe('the findings and resources that an operator names', () => {
  it.each<[string, readonly string[]]>([
    ['trailseal/ec2-volume-encryption/111122223333/eu-central-1/vol-0a', ['ec2-volume-encryption/vol-0a']],
    ['arn:aws:ec2:eu-central-1:111122223333:instance/i-0a', ['ec2-transit-encryption/i-0a']],
    ['arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a', ['ec2-volume-encryption/vol-0a']],
    ['arn:aws:ec2:eu-central-1::snapshot/snap-0a', ['ebs-snapshot-sharing/snap-0a']],
    ['arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-0a', ['launch-template-encryption/lt-0a']],
    [
      'arn:aws:eks:eu-central-1:111122223333:cluster/c',
      ['eks-secrets-encryption/c', 'eks-endpoint-access/c', 'eks-audit-logging/c'],
    ],
    ['arn:aws:eks:eu-central-1:111122223333:nodegroup/c/n/0ac1-22', ['eks-node-transit-encryption/c/n']],
    [
      key,
      [
        'kms-key-deletion/k',
        'kms-key-disabled/k',
        'kms-key-rotation/k',
        'kms-key-policy/k',
        'kms-key-material/k',
      ],
    ],
    [`${key}#k/grant`, ['kms-grant/k/grant']],
    [
      'arn:aws:ec2:eu-central-1:111122223333:instance/i-0a#i-0a:/dev/sdb',
      ['ec2-volume-encryption/i-0a:/dev/sdb'],
    ],
    ['arn:aws:iam::111122223333:root', ['ebs-default-encryption/111122223333']],
    ['AWS::::Account:111122223333', ['ebs-default-encryption/111122223333']],
  ])('%s stands for its findings', (name, findings) => {
    const ids = findings.map((finding) => {
      const [control, ...id] = finding.split('/');
      return `trailseal/${control}/111122223333/eu-central-1/${id.join('/')}`;
    });
    expect(findingIdsOf(subjectOf(name), accountRegion, controls).toSorted()).toEqual(ids.toSorted());
  });

  it.each([
    '',
    'i-0a b',
    'trailseal/x',
    'arn:aws:s3:::bucket',
    'arn:aws:kms:eu-central-1:111122223333:alias/a',
  ])('%j is neither a finding nor a resource that Trailseal evaluates', (name) => {
    expect(() => subjectOf(name)).toThrow('is neither the id of a finding');
  });

  it.each([
    ['i-0a', 'ec2-transit-encryption'],
    ['vol-0a', 'ec2-volume-encryption'],
    ['payments', 'eks-audit-logging'],
  ])('%s, the id of a resource alone, stands for the finding of %s', (name, control) => {
    const ids = findingIdsOf(subjectOf(name), accountRegion, controls);
    expect(ids).toContain(`trailseal/${control}/111122223333/eu-central-1/${name}`);
  });

  it('the id of an instance stands for no volume', () => {
    const ids = findingIdsOf(subjectOf('i-0a'), accountRegion, controls);
    expect(ids.filter((id) => id.includes('/ec2-volume-encryption/'))).toEqual([]);
  });

  it('a name that could move the cursor is escaped in the error', () => {
    expect(() => subjectOf('\u001b[2J')).toThrow(/^\\u\{1b\}\[2J is neither/);
  });

  it('have the Region that all of them name', () => {
    expect(regionOfAll([subjectOf(key), subjectOf('arn:aws:iam::111122223333:root')])).toBe('eu-central-1');
  });

  it('are in one Region at a time', () => {
    const other = subjectOf('arn:aws:ec2:eu-north-1::snapshot/snap-0a');
    expect(() => regionOfAll([subjectOf(key), other])).toThrow('several Regions (eu-central-1, eu-north-1)');
  });

  it.each([
    [
      'account',
      { ...accountRegion, account: '444455556666' },
      'belongs to account 111122223333, but the credentials to',
    ],
    ['Region', { ...accountRegion, region: 'eu-north-1' }, 'is in eu-central-1, not in eu-north-1'],
  ])('of another %s are wrong usage', (_what, where, text) => {
    expect(() => checkAccountRegion([subjectOf(key)], where)).toThrow(text);
  });
});

describe('--since', () => {
  const now = new Date('2026-11-21T10:00:00.000Z');

  it.each([
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-21T09:00:00Z', '2026-11-21T09:00:00.000Z'],
    ['2 hours', '2026-11-21T08:00:00.000Z'],
    // No action run that is ended is kept for longer.
    ['1970-01-01', '2025-10-16T10:00:00.000Z'],
  ])('%s is %s', (written, time) => {
    expect(sinceOf(written, now).toISOString()).toBe(time);
  });

  it.each([
    ['yesterday', '--since takes a time such as'],
    ['2026-11-22', '--since takes a time in the past'],
  ])('%s is wrong usage', (written, text) => {
    expect(() => sinceOf(written, now)).toThrow(text);
  });
});

describe('the chosen action runs', () => {
  const actionRun = (more: Partial<ActionRun>): ActionRun => ({
    finding: {
      id: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
      control: 'kms-key-disabled',
      title: '',
      severity: 'LOW',
      openedAt: null,
    },
    action: 'fix:enable-key',
    sequence: 1,
    resource: { type: 'AwsKmsKey', id: 'k', arn: key, ...accountRegion },
    settings: {},
    status: 'done',
    decision: { actor: 'policy', name: 'p', reason: 'w' },
    plan: [],
    before: {},
    after: [],
    begunAt: '2026-11-21T10:00:00.000Z',
    doneAt: null,
    undoneAt: null,
    undo: null,
    notes: [],
    lease: null,
    version: 1,
    writer: 'run',
    ...more,
  });
  const enabled = actionRun({});
  const tagged = actionRun({ action: 'tag', begunAt: '2026-11-21T09:00:00.000Z' });
  const revoked = actionRun({
    finding: { ...enabled.finding, id: 'trailseal/kms-grant/111122223333/eu-central-1/k/g' },
    action: 'fix:revoke-grant',
    resource: { type: 'AwsKmsGrant', id: 'k/g', arn: key, ...accountRegion },
    begunAt: '2026-11-21T11:00:00.000Z',
  });

  async function chosen(names: readonly string[], since?: string, actions: readonly string[] = []) {
    const journal = new MemoryRunHistory();
    for (const one of [enabled, tagged, revoked]) await journal.begin(one);
    const choice = {
      subjects: names.map(subjectOf),
      since: since === undefined ? undefined : new Date(since),
      actions,
    };
    const { actionRuns, missing } = await chooseActionRuns(journal, choice, accountRegion, controls);
    return { actions: actionRuns.map(({ action }) => action), missing: missing.map(({ name }) => name) };
  }

  it('for a resource are those of its findings, oldest first', async () => {
    expect(await chosen([key])).toEqual({ actions: ['tag', 'fix:enable-key'], missing: [] });
  });

  it('for a resource since a time include those of what belongs to it', async () => {
    expect(await chosen([key], '2026-11-21T10:00:00Z')).toEqual({
      actions: ['fix:enable-key', 'fix:revoke-grant'],
      missing: [],
    });
  });

  it('since a time are all of the account and Region', async () => {
    expect((await chosen([], '2026-11-21T09:30:00Z')).actions).toEqual([
      'fix:enable-key',
      'fix:revoke-grant',
    ]);
  });

  it.each([
    ['fix', ['fix:enable-key', 'fix:revoke-grant']],
    ['fix:enable-key', ['fix:enable-key']],
    ['tag', ['tag']],
  ])('of the action %s are only these', async (action, actions) => {
    expect((await chosen([], '2026-11-21T00:00:00Z', [action])).actions).toEqual(actions);
  });

  it('are each chosen once', async () => {
    expect((await chosen([key, enabled.finding.id])).actions).toEqual(['tag', 'fix:enable-key']);
  });

  it('leave out a resource without any, and return it as missing', async () => {
    const other = 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a';
    expect(await chosen([other])).toEqual({ actions: [], missing: [other] });
  });
});

function operating(key: ReturnType<typeof fakeKey>, more: Partial<UndoAllOptions> = {}): UndoAllOptions {
  return {
    history: key.history,
    deps: key.deps,
    accountRegion,
    run: 'undo-1',
    decision: { actor: 'operator', name: 'arn:aws:iam::111122223333:user/ana', reason: 'It was wrong.' },
    leaseFor,
    actionOf: () => key.action,
    killSwitch: async () => ({ state: 'disengaged' }),
    despiteKillSwitch: false,
    signal: new AbortController().signal,
    ...more,
  };
}

async function done() {
  const key = fakeKey();
  await key.carryOut();
  const actionRuns = await key.history.of(key.target.finding.id);
  return { key, actionRuns };
}

describe('undoing', () => {
  it('restores the previous state', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await undoAll(actionRuns, operating(key));
    expect([taken?.result.kind, key.state.value]).toEqual(['undone', 'disabled']);
  });

  it('is recorded in the journal with actor and reason', async () => {
    const { key, actionRuns } = await done();
    await undoAll(actionRuns, operating(key));
    expect((await key.actionRun())?.undo).toEqual({
      actor: 'operator',
      name: 'arn:aws:iam::111122223333:user/ana',
      reason: 'It was wrong.',
    });
  });

  it('begins with the newest', async () => {
    const { key, actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    const order: number[] = [];
    await undoAll([actionRun, { ...actionRun, sequence: 2 }], operating(key), (taken) => {
      order.push(taken.actionRun.sequence);
    });
    expect(order).toEqual([2, 1]);
  });

  it('uses the action run as it is now, not as it was listed', async () => {
    const { key, actionRuns } = await done();
    await key.undo();
    const [taken] = await undoAll(actionRuns, operating(key));
    expect(taken?.result.kind).toBe('already-undone');
  });

  it.each(['engaged', 'unreadable'] as const)('writes nothing while the kill switch is %s', async (state) => {
    const { key, actionRuns } = await done();
    const [taken] = await undoAll(actionRuns, operating(key, { killSwitch: async () => ({ state }) }));
    expect([taken?.result.kind, key.state.value]).toEqual(['skipped', 'enabled']);
  });

  it('ignores the kill switch with --despite-kill-switch', async () => {
    const { key, actionRuns } = await done();
    const killSwitch = async () => ({ state: 'engaged' }) as const;
    const [taken] = await undoAll(actionRuns, operating(key, { killSwitch, despiteKillSwitch: true }));
    expect([taken?.result.kind, key.state.value]).toEqual(['undone', 'disabled']);
  });

  it('reports each one for which AWS did not answer, and goes on with the others', async () => {
    const { key, actionRuns } = await done();
    let asked = 0;
    const check = async () => {
      asked += 1;
      if (asked === 1) throw Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: {} });
      return { kind: 'as-set' } as const;
    };
    const action = { ...key.action, check };
    const taken = await undoAll([...actionRuns, ...actionRuns], operating(key, { actionOf: () => action }));
    expect(taken.map(({ result }) => result.kind)).toEqual(['unreadable', 'undone']);
  });

  it('does not swallow an internal error', async () => {
    const { key, actionRuns } = await done();
    const check = async () => {
      throw new TypeError('a mistake');
    };
    const options = operating(key, { actionOf: () => ({ ...key.action, check }) });
    await expect(undoAll(actionRuns, options)).rejects.toThrow('a mistake');
  });

  it('begins no other one after an interruption', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await undoAll(actionRuns, operating(key, { signal: AbortSignal.abort() }));
    expect([taken?.result.kind, key.state.value]).toEqual(['interrupted', 'enabled']);
  });

  it('leaves alone an action that this version does not have', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await undoAll(actionRuns, operating(key, { actionOf: () => undefined }));
    expect([taken?.result.kind, key.state.value]).toEqual(['impossible', 'enabled']);
  });
});

describe('a preview', () => {
  it('shows what would be undone, and writes nothing', async () => {
    const { key, actionRuns } = await done();
    const before = await key.actionRun();
    const [previewed] = await previewUndo(actionRuns, operating(key));
    expect([previewed?.result.kind, key.state.value, await key.actionRun()]).toEqual([
      'would-be-undone',
      'enabled',
      before,
    ]);
  });

  it('shows what would be refused', async () => {
    const { key, actionRuns } = await done();
    key.state.value = 'changed';
    const [previewed] = await previewUndo(actionRuns, operating(key));
    expect(previewed?.result).toMatchObject({ kind: 'refused', differences: ['the key is changed'] });
  });

  it('shows that the kill switch would prevent it', async () => {
    const { key, actionRuns } = await done();
    const killSwitch = async () => ({ state: 'unreadable', because: 'x is missing' }) as const;
    const [previewed] = await previewUndo(actionRuns, operating(key, { killSwitch }));
    expect(previewed?.result).toMatchObject({
      kind: 'skipped',
      because:
        'The kill switch stops all writes: x is missing. To undo all the same, use --despite-kill-switch.',
    });
  });

  it('shows everything about an action run', async () => {
    const { key, actionRuns } = await done();
    expect(previewText(await previewUndo(actionRuns, operating(key)))).toBe(
      [
        '1. fix:enable-key of arn:aws:kms:eu-central-1:111122223333:key/fake-key',
        '   finding   trailseal/fake-control/111122223333/eu-central-1/fake-key (LOW: Keys should be enabled)',
        '   status    done, 2026-11-21T10:00:00.000Z',
        '   decision  policy trailseal.policy.yml: It is disabled.',
        '   plan      Enable the key.',
        '   before    {"value":"disabled"}',
        '   after     the key is enabled',
        '   exposes   It disables the key again, and nobody can read what is encrypted with it.',
        '   not back  what was done with the key while it was enabled',
        '   needs     kms:DescribeKey, kms:DisableKey',
        '   now       as Trailseal left it: would be undone, and is then as before',
      ].join('\n'),
    );
  });

  it('says what was there before, and what is now, in words', async () => {
    const { actionRuns } = await done();
    const stored = actionRuns.map((actionRun) => ({ ...actionRun, before: { keyState: 'Disabled' } }));
    const text = previewText(
      stored.map((actionRun) => ({ actionRun, result: { kind: 'would-be-undone' } as const })),
    );
    expect(text).toContain('   before    the key is Disabled\n   after     the key is enabled\n');
  });

  it('shows as it is stored what another version of the action stored', async () => {
    const { actionRuns } = await done();
    const text = previewText(
      actionRuns.map((actionRun) => ({ actionRun, result: { kind: 'would-be-undone' } as const })),
    );
    expect(text).toContain('   before    {"value":"disabled"}\n');
  });

  it('escapes what others named', async () => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    const hostile = '\u001b[2J\n\u202e';
    const text = previewText([
      {
        actionRun: {
          ...actionRun,
          finding: { ...actionRun.finding, id: hostile, title: hostile },
          resource: { ...actionRun.resource, id: hostile, arn: hostile },
          decision: { actor: 'operator', name: hostile, reason: hostile },
          plan: [hostile],
          before: { [hostile]: hostile },
          after: [hostile],
        },
        result: { kind: 'refused', because: hostile, differences: [hostile] },
      },
    ]);
    // Of eleven lines, each is one of the preview's own.
    expect([/\p{Cf}|\p{Cc}/u.test(text.replaceAll('\n', '')), text.split('\n').length]).toEqual([false, 11]);
  });
});

describe('the result of an undo', () => {
  const results: readonly [UndoAttemptResult, string, boolean][] = [
    [{ kind: 'would-be-undone' }, 'as Trailseal left it: would be undone, and is then as before', true],
    [{ kind: 'deleted', because: 'It ended.' }, 'nothing to undo: It ended.', true],
    [
      { kind: 'command', because: 'It puts data at risk.', command: 'aws kms x' },
      'NOT undone: It puts data at risk. To do it by hand:\n      aws kms x',
      false,
    ],
    [{ kind: 'impossible', because: 'It ended.' }, 'NOT undone, and cannot be: It ended.', false],
    [
      { kind: 'refused', because: 'It changed.', differences: ['a', 'b'] },
      'NOT undone: It changed. Differences: a; b',
      false,
    ],
    [{ kind: 'skipped', because: 'No.' }, 'NOT undone: No.', false],
    [{ kind: 'busy', because: 'Another run is at it.' }, 'NOT undone: Another run is at it.', false],
    [{ kind: 'unreadable', because: 'denied' }, 'outcome UNKNOWN: denied', false],
    [{ kind: 'interrupted' }, 'not begun: interrupted', false],
  ];

  it.each(results)('%j is printed as %s', async (result, text) => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(undoText({ actionRun, result })).toBe(
      `fix:enable-key of arn:aws:kms:eu-central-1:111122223333:key/fake-key: ${text}`,
    );
  });

  it.each(results)('%j, "%s", is complete: %s', async (result, _text, complete) => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(isComplete({ actionRun, result })).toBe(complete);
  });

  it('is JSON with the state before it, and the differences', async () => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(
      undoJson({ actionRun, result: { kind: 'refused', because: 'It changed.', differences: ['a'] } }),
    ).toEqual({
      finding: 'trailseal/fake-control/111122223333/eu-central-1/fake-key',
      action: 'fix:enable-key',
      sequence: 1,
      resource: 'arn:aws:kms:eu-central-1:111122223333:key/fake-key',
      begunAt: '2026-11-21T10:00:00.000Z',
      decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It is disabled.' },
      plan: ['Enable the key.'],
      before: { value: 'disabled' },
      was: ['{"value":"disabled"}'],
      after: ['the key is enabled'],
      outcome: 'refused',
      reason: 'It changed.',
      differences: ['a'],
      command: null,
    });
  });
});

describe('asking for consent', () => {
  const answering = (...answers: readonly string[]): Prompt & { readonly asked: string[] } => {
    const asked: string[] = [];
    return Object.assign(
      async (question: string) => {
        asked.push(question);
        return answers[asked.length - 1] ?? '';
      },
      { asked },
    );
  };

  it.each(['y', 'Yes'])('takes %s as consent', async (answer) => {
    expect(await consented({}, answering('It was wrong', answer), 'Undo this?')).toBe('It was wrong');
  });

  it.each(['', 'n', 'yesterday'])('takes %j as refusal', async (answer) => {
    expect(await consented({}, answering('It was wrong', answer), 'Undo this?')).toBeUndefined();
  });

  it('ends without a reason', async () => {
    const ask = answering('', 'y');
    expect([await consented({}, ask, 'Undo this?'), ask.asked]).toEqual([
      undefined,
      ['Reason, for the audit trail: '],
    ]);
  });

  it('does not ask for a reason that is given', async () => {
    const ask = answering('y');
    await consented({ reason: 'It was wrong' }, ask, 'Undo this?');
    expect(ask.asked).toEqual(['Undo this? [y/N] ']);
  });

  it('asks nothing with --yes', async () => {
    const ask = answering();
    await consented({ reason: 'It was wrong', yes: true }, ask, 'Undo this?');
    expect(ask.asked).toEqual([]);
  });

  it.each<[string, Parameters<typeof checkConsent>[0], Prompt | undefined, string]>([
    [
      'nobody to ask',
      {},
      undefined,
      'undo asks before it changes anything, and there is no terminal: use --yes',
    ],
    ['nobody to ask for the reason', { yes: true }, undefined, 'undo --yes needs --reason'],
    ['--yes at a terminal, and no reason', { yes: true }, answering(), 'undo --yes needs --reason'],
    ['an empty reason', { yes: true, reason: ' ' }, answering(), 'undo needs a reason that is not empty'],
  ])('is wrong usage with %s', (_what, consent, ask, text) => {
    expect(() => checkConsent(consent, ask, 'undo')).toThrow(text);
  });

  function terminal(isTTY: boolean) {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = Object.assign(new PassThrough(), { isTTY });
    return { input, output };
  }

  it('is not possible where there is no terminal', () => {
    expect(promptAt(new AbortController().signal, terminal(false))).toBeUndefined();
  });

  it('reads a line and trims it', async () => {
    const { input, output } = terminal(true);
    const answer = promptAt(new AbortController().signal, { input, output })?.('Undo this? ');
    input.write('  yes \n');
    expect(await answer).toBe('yes');
  });

  it('takes the end of the input as no answer', async () => {
    const { input, output } = terminal(true);
    const answer = promptAt(new AbortController().signal, { input, output })?.('Undo this? ');
    input.end();
    expect(await answer).toBe('');
  });

  it('ends when interrupted', async () => {
    const { input, output } = terminal(true);
    const abort = new AbortController();
    const answer = promptAt(abort.signal, { input, output })?.('Undo this? ');
    abort.abort(new Error('interrupted'));
    await expect(answer).rejects.toThrow('interrupted');
  });
});

describe('trailseal undo', () => {
  it.each<[readonly string[], string]>([
    [[], 'undo takes finding ids, resource ids or ARNs, or --since TIME'],
    [['vol 0a'], 'vol 0a is neither the id of a finding'],
    [['--since', 'soon'], '--since takes a time such as'],
    [
      [key, '--action', 'notify'],
      '--action takes one of: tag, quarantine, fix, fix:enable-default-encryption',
    ],
    [[key], 'undo asks before it changes anything, and there is no terminal: use --yes'],
    [[key, '--yes'], 'undo --yes needs --reason'],
    [[key, '--dry-run', '--stage', 'A'], '--stage takes lower-case letters'],
    [[key, '--dry-run', '--region', 'here'], '--region takes a Region'],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['undo', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});

describe('the help', () => {
  // The lines are broken at the width of a terminal.
  it.each<[readonly string[], readonly string[]]>([
    [['undo'], ['operator role', 'operatorArns', killSwitchPermission]],
    [['history'], ['operator role', 'operatorArns']],
    [
      ['breaker', 'reset'],
      ['operator role', 'operatorArns'],
    ],
    [
      ['breaker', 'show'],
      ['operator role', 'operatorArns'],
    ],
    [
      ['dlq', 'list'],
      ['operator role', 'operatorArns'],
    ],
    [
      ['dlq', 'redrive'],
      ['operator role', 'operatorArns'],
    ],
    [
      ['kill-switch', 'status'],
      [killSwitchPermission, historyPermission],
    ],
    [
      ['kill-switch', 'off'],
      [killSwitchPermission, historyPermission, setPermission],
    ],
  ])('of %j lists the permissions that it needs', (args, permissions) => {
    const { stdout } = trailseal(workFolder(), [...args, '--help']);
    const text = stdout.replace(/\s+/g, ' ');
    expect(permissions.filter((permission) => !text.includes(permission))).toEqual([]);
  });
});
