import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { historyPermission, setPermission } from '../../cli/kill-switch/parameter.ts';
import { chooseActionRuns } from '../../cli/operator/choose.ts';
import { type Ask, askAt, checkConsent, consented } from '../../cli/operator/consent.ts';
import { sinceOf } from '../../cli/operator/since.ts';
import { checkAccountRegion, findingIdsOf, regionOfAll, subjectOf } from '../../cli/operator/subject.ts';
import { isFine, previewText, takenJson, takenText } from '../../cli/undo/text.ts';
import { foresee, type Result, type TakeBackOptions, takeBack } from '../../cli/undo/undo.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { runHistoryPermissions } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { killSwitchPermission } from '../../lib/remediation/kill-switch.ts';
import { limiterPermissions } from '../../lib/remediation/limiter.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { MemoryRunHistory } from '../remediation/actions/memory-run-history.ts';
import { accountRegion, fakeKey, leaseFor } from '../remediation/actions/simulated-resource.ts';
import { trailseal, workFolder } from './command.ts';

const key = 'arn:aws:kms:eu-central-1:111122223333:key/k';

describe('what an operator names', () => {
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
  ])('%s stands for these findings', (name, findings) => {
    const ids = findings.map((finding) => {
      const [control, ...id] = finding.split('/');
      return `trailseal/${control}/111122223333/eu-central-1/${id.join('/')}`;
    });
    expect(findingIdsOf(subjectOf(name), accountRegion, controls).toSorted()).toEqual(ids.toSorted());
  });

  it.each([
    '',
    'i-0a',
    'trailseal/x',
    'arn:aws:s3:::bucket',
    'arn:aws:kms:eu-central-1:111122223333:alias/a',
  ])('%j is neither a finding nor a resource that is evaluated', (name) => {
    expect(() => subjectOf(name)).toThrow('is neither the id of a finding');
  });

  it('that could move the cursor is escaped in the error', () => {
    expect(() => subjectOf('\u001b[2J')).toThrow(/^\\u\{1b\}\[2J is neither/);
  });

  it('names the Region, where all name the same', () => {
    expect(regionOfAll([subjectOf(key), subjectOf('arn:aws:iam::111122223333:root')])).toBe('eu-central-1');
  });

  it('is taken one Region at a time', () => {
    const other = subjectOf('arn:aws:ec2:eu-north-1::snapshot/snap-0a');
    expect(() => regionOfAll([subjectOf(key), other])).toThrow('several Regions (eu-central-1, eu-north-1)');
  });

  it.each([
    [
      'account',
      { ...accountRegion, account: '444455556666' },
      'is of account 111122223333, and the credentials are of',
    ],
    ['Region', { ...accountRegion, region: 'eu-north-1' }, 'is in eu-central-1, not in eu-north-1'],
  ])('of another %s is wrong usage', (_what, where, text) => {
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
    ['2026-11-22', '--since takes a time that has passed'],
  ])('%s is wrong usage', (written, text) => {
    expect(() => sinceOf(written, now)).toThrow(text);
  });
});

describe('the action runs that are chosen', () => {
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

  it('for a resource since a time are also those of what it holds', async () => {
    expect(await chosen([key], '2026-11-21T10:00:00Z')).toEqual({
      actions: ['fix:enable-key', 'fix:revoke-grant'],
      missing: [],
    });
  });

  it('since a time are all of the place', async () => {
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

  it('leave out what nothing was done for, and name it', async () => {
    const other = 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a';
    expect(await chosen([other])).toEqual({ actions: [], missing: [other] });
  });
});

function operating(key: ReturnType<typeof fakeKey>, more: Partial<TakeBackOptions> = {}): TakeBackOptions {
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

describe('taking back', () => {
  it('puts back what was there', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await takeBack(actionRuns, operating(key));
    expect([taken?.result.kind, key.state.value]).toEqual(['undone', 'disabled']);
  });

  it('is in the journal, with who and why', async () => {
    const { key, actionRuns } = await done();
    await takeBack(actionRuns, operating(key));
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
    await takeBack([actionRun, { ...actionRun, sequence: 2 }], operating(key), (taken) => {
      order.push(taken.actionRun.sequence);
    });
    expect(order).toEqual([2, 1]);
  });

  it('goes by the action run as it is, not as it was listed', async () => {
    const { key, actionRuns } = await done();
    await key.undo();
    const [taken] = await takeBack(actionRuns, operating(key));
    expect(taken?.result.kind).toBe('already-undone');
  });

  it.each(['engaged', 'unreadable'] as const)('writes nothing while the kill switch is %s', async (state) => {
    const { key, actionRuns } = await done();
    const [taken] = await takeBack(actionRuns, operating(key, { killSwitch: async () => ({ state }) }));
    expect([taken?.result.kind, key.state.value]).toEqual(['skipped', 'enabled']);
  });

  it('overrides the kill switch when it is told to', async () => {
    const { key, actionRuns } = await done();
    const killSwitch = async () => ({ state: 'engaged' }) as const;
    const [taken] = await takeBack(actionRuns, operating(key, { killSwitch, despiteKillSwitch: true }));
    expect([taken?.result.kind, key.state.value]).toEqual(['undone', 'disabled']);
  });

  it('tells each that AWS did not answer for, and goes on with the others', async () => {
    const { key, actionRuns } = await done();
    let asked = 0;
    const check = async () => {
      asked += 1;
      if (asked === 1) throw Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: {} });
      return { kind: 'as-set' } as const;
    };
    const action = { ...key.action, check };
    const taken = await takeBack([...actionRuns, ...actionRuns], operating(key, { actionOf: () => action }));
    expect(taken.map(({ result }) => result.kind)).toEqual(['unreadable', 'undone']);
  });

  it('does not swallow a fault of its own', async () => {
    const { key, actionRuns } = await done();
    const check = async () => {
      throw new TypeError('a mistake');
    };
    const options = operating(key, { actionOf: () => ({ ...key.action, check }) });
    await expect(takeBack(actionRuns, options)).rejects.toThrow('a mistake');
  });

  it('begins no other one after an interruption', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await takeBack(actionRuns, operating(key, { signal: AbortSignal.abort() }));
    expect([taken?.result.kind, key.state.value]).toEqual(['interrupted', 'enabled']);
  });

  it('leaves alone what another version did', async () => {
    const { key, actionRuns } = await done();
    const [taken] = await takeBack(actionRuns, operating(key, { actionOf: () => undefined }));
    expect([taken?.result.kind, key.state.value]).toEqual(['impossible', 'enabled']);
  });
});

describe('a preview', () => {
  it('tells what would be undone, and writes nothing', async () => {
    const { key, actionRuns } = await done();
    const before = await key.actionRun();
    const [foreseen] = await foresee(actionRuns, operating(key));
    expect([foreseen?.result.kind, key.state.value, await key.actionRun()]).toEqual([
      'would-be-undone',
      'enabled',
      before,
    ]);
  });

  it('tells what would be refused', async () => {
    const { key, actionRuns } = await done();
    key.state.value = 'changed';
    const [foreseen] = await foresee(actionRuns, operating(key));
    expect(foreseen?.result).toMatchObject({ kind: 'refused', differences: ['the key is changed'] });
  });

  it('tells that the kill switch stands in the way', async () => {
    const { key, actionRuns } = await done();
    const killSwitch = async () => ({ state: 'unreadable', because: 'x is missing' }) as const;
    const [foreseen] = await foresee(actionRuns, operating(key, { killSwitch }));
    expect(foreseen?.result).toMatchObject({
      kind: 'skipped',
      because: 'The kill switch stops everything: x is missing. --despite-kill-switch undoes all the same.',
    });
  });

  it('shows all that is known of an action run', async () => {
    const { key, actionRuns } = await done();
    expect(previewText(await foresee(actionRuns, operating(key)))).toBe(
      [
        '1. fix:enable-key of arn:aws:kms:eu-central-1:111122223333:key/fake-key',
        '   finding   trailseal/fake-key (LOW: Keys should be enabled)',
        '   status    done, 2026-11-21 10:00:00 UTC',
        '   decided   by policy trailseal.policy.yml: It is disabled.',
        '   plan      Enable the key.',
        '   before    {"value":"disabled"}',
        '   after     the key is enabled',
        '   not back  what was done with the key while it was enabled',
        '   needs     kms:DescribeKey, kms:DisableKey',
        '   now       would be undone',
      ].join('\n'),
    );
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
    // Of ten lines, each is one of the preview's own.
    expect([/\p{Cf}|\p{Cc}/u.test(text.replaceAll('\n', '')), text.split('\n').length]).toEqual([false, 10]);
  });
});

describe('an outcome', () => {
  const results: readonly [Result, string, boolean][] = [
    [{ kind: 'would-be-undone' }, 'would be undone', true],
    [{ kind: 'deleted', because: 'It ended.' }, 'nothing left to undo: It ended.', true],
    [
      { kind: 'command', because: 'It puts data at risk.', command: 'aws kms x' },
      'NOT undone: It puts data at risk. The command:\n      aws kms x',
      false,
    ],
    [{ kind: 'impossible', because: 'It ended.' }, "NOT undone, as it can't be: It ended.", false],
    [
      { kind: 'refused', because: 'It changed.', differences: ['a', 'b'] },
      'NOT undone: It changed. What differs: a; b',
      false,
    ],
    [{ kind: 'skipped', because: 'No.' }, 'NOT undone: No.', false],
    [{ kind: 'busy', because: 'Another run is at it.' }, 'NOT undone: Another run is at it.', false],
    [{ kind: 'unreadable', because: 'denied' }, 'NOT known: denied', false],
    [{ kind: 'interrupted' }, 'not begun: interrupted', false],
  ];

  it.each(results)('%j is told as %s', async (result, text) => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(takenText({ actionRun, result })).toBe(
      `fix:enable-key of arn:aws:kms:eu-central-1:111122223333:key/fake-key: ${text}`,
    );
  });

  it.each(results)('%j, "%s", leaves nothing to be done: %s', async (result, _text, fine) => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(isFine({ actionRun, result })).toBe(fine);
  });

  it('is told to programs with what was before, and what differs', async () => {
    const { actionRuns } = await done();
    const [actionRun] = actionRuns;
    if (actionRun === undefined) throw new Error('nothing was done');
    expect(
      takenJson({ actionRun, result: { kind: 'refused', because: 'It changed.', differences: ['a'] } }),
    ).toEqual({
      finding: 'trailseal/fake-key',
      action: 'fix:enable-key',
      sequence: 1,
      resource: 'arn:aws:kms:eu-central-1:111122223333:key/fake-key',
      begunAt: '2026-11-21T10:00:00.000Z',
      decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It is disabled.' },
      plan: ['Enable the key.'],
      before: { value: 'disabled' },
      after: ['the key is enabled'],
      outcome: 'refused',
      because: 'It changed.',
      differences: ['a'],
      command: null,
    });
  });
});

describe('asking', () => {
  const answering = (...answers: readonly string[]): Ask & { readonly asked: string[] } => {
    const asked: string[] = [];
    return Object.assign(
      async (question: string) => {
        asked.push(question);
        return answers[asked.length - 1] ?? '';
      },
      { asked },
    );
  };

  it.each(['y', 'Yes'])('takes %s for an agreement', async (answer) => {
    expect(await consented({}, answering('It was wrong', answer), 'Undo this?')).toBe('It was wrong');
  });

  it.each(['', 'n', 'yesterday'])('takes %j for none', async (answer) => {
    expect(await consented({}, answering('It was wrong', answer), 'Undo this?')).toBeUndefined();
  });

  it('does not go on without a reason', async () => {
    const ask = answering('', 'y');
    expect([await consented({}, ask, 'Undo this?'), ask.asked]).toEqual([
      undefined,
      ['Why, for the audit trail? '],
    ]);
  });

  it('asks for no reason that is given already', async () => {
    const ask = answering('y');
    await consented({ reason: 'It was wrong' }, ask, 'Undo this?');
    expect(ask.asked).toEqual(['Undo this? [y/N] ']);
  });

  it('asks nothing with --yes', async () => {
    const ask = answering();
    await consented({ reason: 'It was wrong', yes: true }, ask, 'Undo this?');
    expect(ask.asked).toEqual([]);
  });

  it.each<[string, Parameters<typeof checkConsent>[0], Ask | undefined, string]>([
    [
      'nobody to ask',
      {},
      undefined,
      'undo asks before it changes anything, and there is no terminal: use --yes',
    ],
    ['nobody to ask for the reason', { yes: true }, undefined, 'undo --yes needs --reason'],
    ['--yes at a terminal, and no reason', { yes: true }, answering(), 'undo --yes needs --reason'],
    ['an empty reason', { yes: true, reason: ' ' }, answering(), 'undo takes a reason that says something'],
  ])('is wrong usage with %s', (_what, consent, ask, text) => {
    expect(() => checkConsent(consent, ask, 'undo')).toThrow(text);
  });

  function terminal(isTTY: boolean) {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = Object.assign(new PassThrough(), { isTTY });
    return { input, output };
  }

  it('is not possible where there is no terminal', () => {
    expect(askAt(terminal(false), new AbortController().signal)).toBeUndefined();
  });

  it('reads a line, without the blanks around it', async () => {
    const { input, output } = terminal(true);
    const answer = askAt({ input, output }, new AbortController().signal)?.('Undo this? ');
    input.write('  yes \n');
    expect(await answer).toBe('yes');
  });

  it('takes the end of the input for no answer', async () => {
    const { input, output } = terminal(true);
    const answer = askAt({ input, output }, new AbortController().signal)?.('Undo this? ');
    input.end();
    expect(await answer).toBe('');
  });

  it('ends with an interruption', async () => {
    const { input, output } = terminal(true);
    const abort = new AbortController();
    const answer = askAt({ input, output }, abort.signal)?.('Undo this? ');
    abort.abort(new Error('interrupted'));
    await expect(answer).rejects.toThrow('interrupted');
  });
});

describe('trailseal undo', () => {
  it.each<[readonly string[], string]>([
    [[], 'undo takes the ids of findings, the ARNs of resources, or --since TIME'],
    [['vol-0a'], 'vol-0a is neither the id of a finding'],
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
  it.each<[readonly string[], readonly string[]]>([
    [['undo'], [...runHistoryPermissions, killSwitchPermission]],
    [['actionRuns'], runHistoryPermissions.filter((permission) => permission !== 'dynamodb:PutItem')],
    [['breaker', 'close'], limiterPermissions],
    [
      ['kill-switch', 'show'],
      [killSwitchPermission, historyPermission],
    ],
    [
      ['kill-switch', 'off'],
      [killSwitchPermission, historyPermission, setPermission],
    ],
  ])('of %j names the permissions that it needs', (args, permissions) => {
    const { stdout } = trailseal(workFolder(), [...args, '--help']);
    expect(permissions.filter((permission) => !stdout.includes(permission))).toEqual([]);
  });
});
