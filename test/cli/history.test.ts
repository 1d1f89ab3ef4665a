import { describe, expect, it } from 'vitest';
import { actionRunJson, actionRunsText } from '../../cli/history/text.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { fakeKey } from '../remediation/actions/simulated-resource.ts';
import { trailseal, workFolder } from './command.ts';

async function done(): Promise<{ readonly key: ReturnType<typeof fakeKey>; readonly actionRun: ActionRun }> {
  const key = fakeKey();
  await key.carryOut();
  return { key, actionRun: present(await key.actionRun()) };
}

function present(actionRun: ActionRun | undefined): ActionRun {
  if (actionRun === undefined) throw new Error('nothing was done');
  return actionRun;
}

/** The table without its head, line by line, without blanks at the ends. */
function lines(actionRuns: readonly ActionRun[], width = 200): readonly string[] {
  return actionRunsText(actionRuns, width)
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

describe('the history of actions', () => {
  it('has time, action, status, resource, actor, reason and the state after it', async () => {
    const { actionRun } = await done();
    expect(lines([actionRun]).map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      '2026-11-21T10:00:00.000Z | fix:enable-key | done | arn:aws:kms:eu-central-1:111122223333:key/fake-key',
      'trailseal/fake-control/111122223333/eu-central-1/fake-key',
      'by policy trailseal.policy.yml: It is disabled.',
      'now the key is enabled',
    ]);
  });

  it('has the actor and reason of an undo', async () => {
    const { key } = await done();
    await key.undo();
    expect(lines([present(await key.actionRun())]).slice(3)).toEqual([
      'undo by operator ana: It was wrong.',
      'Undone and verified.',
    ]);
  });

  it('names the grant beside the key that it belongs to', async () => {
    const { actionRun } = await done();
    const resource = { ...actionRun.resource, id: 'fake-key/grant' };
    expect(lines([{ ...actionRun, resource }])[0]).toMatch(/key\/fake-key \(fake-key\/grant\)$/);
  });

  it('keeps ARNs whole on a narrow terminal', async () => {
    const { actionRun } = await done();
    const text = lines([actionRun], 80).join('').replace(/\s+/g, '');
    expect(text).toContain('arn:aws:kms:eu-central-1:111122223333:key/fake-key');
  });

  it('escapes what others named', async () => {
    const { actionRun } = await done();
    const hostile = '\u001b[2J\n\u202e';
    const text = actionRunsText(
      [
        {
          ...actionRun,
          finding: { ...actionRun.finding, id: hostile },
          resource: { ...actionRun.resource, id: hostile, arn: hostile },
          decision: { actor: 'operator', name: hostile, reason: hostile },
          undo: { actor: 'operator', name: hostile, reason: hostile },
          after: [hostile],
          begunAt: hostile,
        },
      ],
      200,
    );
    expect(/\p{Cf}|\p{Cc}/u.test(text.replaceAll('\n', ''))).toBe(false);
  });

  it('is JSON without what only the engine needs', async () => {
    const { actionRun } = await done();
    const { lease: _lease, version: _version, writer: _writer, ...rest } = actionRun;
    expect(actionRunJson(actionRun)).toEqual(rest);
  });
});

describe('trailseal history', () => {
  it.each<[readonly string[], string]>([
    [['--finding', 'vol 0a'], 'vol 0a is neither the id of a finding'],
    [['--since', 'soon'], '--since takes a time such as'],
    [['--action', 'notify'], '--action takes one of: tag, quarantine, fix'],
    [['--stage', 'A'], '--stage takes lower-case letters'],
    [['--region', 'here'], '--region takes a Region'],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['history', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
