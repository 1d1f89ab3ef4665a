/** What the alarm says, and when it speaks again. */
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { alarmText, nameInAlarm, silenceAlarm } from '../../../../lib/pipeline/live/watchdog/alarm.ts';
import type { SilentPart } from '../../../../lib/pipeline/live/watchdog/silence.ts';

const cloudWatch = mockClient(CloudWatchClient);
beforeEach(() => cloudWatch.reset());

const watchdog = 'trailseal-dev-watchdog';
const topic = 'arn:aws:sns:eu-central-1:111122223333:alarms';
const alarm = { stage: 'dev', topic };
const rule: SilentPart = { part: 'the rule trailseal-dev-kms', because: 'is disabled', todo: 'enable it' };
const scan: SilentPart = {
  part: 'the scheduled scan',
  because: 'last ran at 2026-11-30T14:54Z',
  todo: 'see its log',
};

async function named(before: string | undefined, silent: readonly SilentPart[]) {
  const text = await nameInAlarm(new CloudWatchClient({ region: 'eu-central-1' }), alarm, { before, silent });
  return {
    text,
    put: cloudWatch.commandCalls(PutMetricAlarmCommand).map(({ args: [{ input }] }) => input),
    set: cloudWatch.commandCalls(SetAlarmStateCommand).map(({ args: [{ input }] }) => input),
  };
}

const well = alarmText(watchdog, []);

describe('the alarm’s text', () => {
  it('names each silent part, why, and what to do', () => {
    expect(alarmText(watchdog, [rule, scan])).toBe(
      'Silent: 2 parts. the rule trailseal-dev-kms is disabled (enable it); ' +
        'the scheduled scan last ran at 2026-11-30T14:54Z (see its log)',
    );
  });

  it('where no part is named, says that the watchdog itself did not run, and where to look', () => {
    expect(alarmText(watchdog, [])).toMatch(
      /the watchdog itself did not run: see the schedule trailseal-dev-watchdog/,
    );
  });

  it('has at most the 1024 characters that CloudWatch takes, and says how many parts it leaves out', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...rule,
      part: `the rule trailseal-dev-${index}`,
    }));
    const text = alarmText(watchdog, many);
    expect(text.length).toBeLessThanOrEqual(1_024);
    const shown = text.split('; ').length - 1;
    expect(text).toMatch(new RegExp(`^Silent: 40 parts\\. .*; and ${40 - shown} more: trailseal doctor$`));
    const long = alarmText(watchdog, [{ ...rule, because: 'x'.repeat(3_000) }]);
    expect([long.length, long.startsWith('Silent: 1 part. the rule trailseal-dev-kms')]).toEqual([
      1_024,
      true,
    ]);
  });
});

describe('naming silent parts in the alarm', () => {
  it('changes its text, and repeats the rest, which an update would lose', async () => {
    const { text, put, set } = await named(well, [rule]);
    expect(text).toBe(alarmText(watchdog, [rule]));
    expect(put).toEqual([silenceAlarm(alarm, text)]);
    expect(put).toMatchObject([
      {
        AlarmName: 'trailseal-dev-SilentParts',
        AlarmDescription: text,
        AlarmActions: [topic],
        OKActions: [topic],
      },
    ]);
    // The metric changes the state.
    expect(set).toEqual([]);
  });

  it('writes nothing while all is well', async () => {
    expect(await named(well, [])).toEqual({ text: well, put: [], set: [] });
  });

  it('is done at each check while parts are silent, as a deployment writes the first text again', async () => {
    const { put, set } = await named(alarmText(watchdog, [rule]), [rule]);
    expect([put.length, set]).toEqual([1, []]);
  });

  it('notifies anew of a part that becomes silent while others are', async () => {
    const { set } = await named(alarmText(watchdog, [rule]), [rule, scan]);
    expect(set).toMatchObject([{ AlarmName: 'trailseal-dev-SilentParts', StateValue: 'INSUFFICIENT_DATA' }]);
  });

  it('does not notify of a part that is not silent any more while others are', async () => {
    const { put, set } = await named(alarmText(watchdog, [rule, scan]), [rule]);
    expect([put.length, set]).toEqual([1, []]);
  });

  it('gives it its first text again where all is well', async () => {
    expect((await named(alarmText(watchdog, [rule]), [])).put).toMatchObject([{ AlarmDescription: well }]);
  });

  it('where it is not known what it says, writes it, and notifies once', async () => {
    const { put, set } = await named(undefined, [rule]);
    expect([put.length, set]).toEqual([1, []]);
  });
});
