import { PutParameterCommand, SSMClient, SSMServiceException } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { setSwitch } from '../../cli/aws/parameter.ts';
import { switchText, versionJson, versionsText } from '../../cli/kill-switch/text.ts';
import { trailseal, workFolder } from './command.ts';

const name = '/trailseal/dev/kill-switch';
const ana = 'arn:aws:iam::111122223333:user/ana';

function mocked() {
  const client = new SSMClient({ region: 'eu-central-1' });
  return { client, mock: mockClient(client) };
}

/** The description that SSM is given for a reason. */
async function described(reason: string): Promise<string> {
  const { client, mock } = mocked();
  mock.on(PutParameterCommand).resolves({ Version: 2 });
  await setSwitch(client, name, 'engaged', ana, reason);
  return mock.commandCalls(PutParameterCommand)[0]?.args[0].input.Description ?? '';
}

describe('setting the kill switch', () => {
  it('keeps actor and reason with it', async () => {
    expect(await described('It isolates the wrong ones.')).toBe(
      `engaged by ${ana}: It isolates the wrong ones.`,
    );
  });

  it('returns the new version', async () => {
    const { client, mock } = mocked();
    mock.on(PutParameterCommand).resolves({ Version: 2 });
    expect(await setSwitch(client, name, 'engaged', ana, 'x')).toEqual({ known: true, value: 2 });
  });

  it('cuts a reason to the length that SSM takes', async () => {
    const text = await described('x'.repeat(2_000));
    expect([text.length, text.at(-1)]).toEqual([1_024, '…']);
  });

  it('keeps a reason of several lines on one line', async () => {
    expect(await described('one\r\ntwo\u001b[2J')).toBe(`engaged by ${ana}: one two [2J`);
  });

  // moto denies nothing.
  it('returns a denial', async () => {
    const { client, mock } = mocked();
    mock.on(PutParameterCommand).rejects(
      new SSMServiceException({
        name: 'AccessDeniedException',
        message: 'not authorized',
        $fault: 'client',
        $metadata: {},
      }),
    );
    expect(await setSwitch(client, name, 'engaged', ana, 'x')).toEqual({
      known: false,
      reason: 'denied',
      action: 'ssm:PutParameter',
      detail: 'ssm:PutParameter was denied (not authorized)',
    });
  });
});

describe('the state of the kill switch', () => {
  it.each([
    [{ state: 'disengaged' }, 'disengaged: actions are carried out as the policy says'],
    [{ state: 'engaged' }, 'ENGAGED: no resource is changed'],
    [
      { state: 'unreadable', because: 'it says \u001b[2J' },
      String.raw`UNREADABLE, so that no resource is changed: it says \u{1b}[2J`,
    ],
  ] as const)('%j is printed', (state, text) => {
    expect(switchText(state)).toBe(text);
  });

  const change = {
    version: 1,
    value: 'engaged',
    at: new Date('2026-11-21T10:00:00.000Z'),
    actor: ana,
    reason: 'too much',
  };

  it('has the actor, time and reason of each change', () => {
    expect(versionsText([change])).toBe(`  2026-11-21T10:00:00.000Z engaged by ${ana} (too much)`);
  });

  it('leaves out what SSM does not return', () => {
    const unknown = {
      version: undefined,
      value: 'engaged',
      at: undefined,
      actor: undefined,
      reason: undefined,
    };
    expect(versionsText([unknown])).toBe('  at an unknown time engaged');
  });

  it('has only the last ten changes', () => {
    const lines = versionsText(Array.from({ length: 12 }, () => change)).split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([11, '  and 2 earlier']);
  });

  it('escapes what others wrote', () => {
    expect(versionsText([{ ...change, value: '\u001b', actor: '\u202e', reason: '\n' }])).toBe(
      String.raw`  2026-11-21T10:00:00.000Z \u{1b} by \u{202e} (\u{a})`,
    );
  });

  it('is JSON with ISO 8601 times', () => {
    expect(versionJson(change)).toEqual({ ...change, at: '2026-11-21T10:00:00.000Z' });
  });
});

describe('trailseal kill-switch', () => {
  it.each<[readonly string[], string]>([
    [['off'], 'kill-switch off asks before it changes anything, and there is no terminal: use --yes'],
    [['off', '--yes'], 'kill-switch off --yes needs --reason'],
    [['off', '--yes', '--reason', ''], 'kill-switch off needs a reason that is not empty'],
    [['on', '--stage', 'A'], '--stage takes lower-case letters'],
    [['status', '--region', 'here'], '--region takes a Region'],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['kill-switch', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
