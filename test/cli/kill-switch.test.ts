import { PutParameterCommand, SSMClient, SSMServiceException } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { setSwitch } from '../../cli/kill-switch/parameter.ts';
import { changeJson, changesText, switchText } from '../../cli/kill-switch/text.ts';
import { trailseal, workFolder } from './command.ts';

const name = '/trailseal/dev/kill-switch';
const ana = 'arn:aws:iam::111122223333:user/ana';

function mocked() {
  const client = new SSMClient({ region: 'eu-central-1' });
  return { client, mock: mockClient(client) };
}

/** The description that SSM is given for a reason. */
async function described(why: string): Promise<string> {
  const { client, mock } = mocked();
  mock.on(PutParameterCommand).resolves({ Version: 2 });
  await setSwitch(client, name, 'engaged', ana, why);
  return mock.commandCalls(PutParameterCommand)[0]?.args[0].input.Description ?? '';
}

describe('setting the switch', () => {
  it('keeps who and why with it', async () => {
    expect(await described('It isolates the wrong ones.')).toBe(
      `engaged by ${ana}: It isolates the wrong ones.`,
    );
  });

  it('tells the version that it made', async () => {
    const { client, mock } = mocked();
    mock.on(PutParameterCommand).resolves({ Version: 2 });
    expect(await setSwitch(client, name, 'engaged', ana, 'x')).toEqual({ known: true, value: 2 });
  });

  it('keeps as much of a long reason as SSM takes', async () => {
    const text = await described('x'.repeat(2_000));
    expect([text.length, text.at(-1)]).toEqual([1_024, '…']);
  });

  it('keeps a reason of several lines in one', async () => {
    expect(await described('one\r\ntwo\u001b[2J')).toBe(`engaged by ${ana}: one two [2J`);
  });

  // moto denies nothing.
  it('that is denied is told', async () => {
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

describe('the state of the switch', () => {
  it.each([
    [{ state: 'disengaged' }, 'disengaged: what the policy asks for is done'],
    [{ state: 'engaged' }, 'PULLED: nothing is changed'],
    [
      { state: 'unreadable', because: 'it says \u001b[2J' },
      String.raw`UNREADABLE, so that nothing is changed: it says \u{1b}[2J`,
    ],
  ] as const)('%j is told', (state, text) => {
    expect(switchText(state)).toBe(text);
  });

  const change = {
    version: 1,
    value: 'engaged',
    at: new Date('2026-11-21T10:00:00.000Z'),
    by: ana,
    why: 'too much',
  };

  it('is told with who set it, when and why', () => {
    expect(changesText([change])).toBe(`  2026-11-21T10:00:00.000Z engaged by ${ana} (too much)`);
  });

  it('leaves out what SSM does not tell', () => {
    const untold = { version: undefined, value: 'engaged', at: undefined, by: undefined, why: undefined };
    expect(changesText([untold])).toBe('  at a time not told engaged');
  });

  it('is told with the last ten changes only', () => {
    const lines = changesText(Array.from({ length: 12 }, () => change)).split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([11, '  and 2 before']);
  });

  it('escapes what others wrote', () => {
    expect(changesText([{ ...change, value: '\u001b', by: '\u202e', why: '\n' }])).toBe(
      String.raw`  2026-11-21T10:00:00.000Z \u{1b} by \u{202e} (\u{a})`,
    );
  });

  it('is told to programs', () => {
    expect(changeJson(change)).toEqual({ ...change, at: '2026-11-21T10:00:00.000Z' });
  });
});

describe('trailseal kill-switch', () => {
  it.each<[readonly string[], string]>([
    [['off'], 'kill-switch off asks before it changes anything, and there is no terminal: use --yes'],
    [['off', '--yes'], 'kill-switch off --yes needs --reason'],
    [['off', '--yes', '--reason', ''], 'kill-switch off takes a reason that says something'],
    [['on', '--stage', 'A'], '--stage takes lower-case letters'],
    [['show', '--region', 'here'], '--region takes a Region'],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['kill-switch', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
