/** The patterns of the packaged rules, evaluated by an engine that is not ours. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { capital } from '../../deploy/template.ts';
import { at, isObject, list, text } from '../../lib/core/json.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls, evaluatorOf, evaluators } from '../../lib/services/catalogue.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import { matches } from './matching.ts';
import { ofType, packaged } from './template.ts';

const root = path.join(import.meta.dirname, '..', '..');
const resources = packaged();
/** By the logical ids of the rules. */
const patterns = Object.fromEntries(
  ofType(resources, 'AWS::Events::Rule').map(([id, rule]) => [id, at(rule.properties, 'EventPattern')]),
);
const evaluatorOfRule = (id: string) =>
  evaluators.find((evaluator) => new RegExp(`^${capital(evaluator)}Rule\\d*$`).test(id)) ?? id;
const samples = globSync('events/*/*.json', { cwd: root })
  .sort()
  .map((file) => ({ file, event: JSON.parse(readFileSync(path.join(root, file), 'utf8')) as unknown }));
/** For each event the evaluators whose rules let it through. */
const reached = (events: readonly unknown[]) =>
  matches(patterns, events).map((ids) => [...new Set(ids.map(evaluatorOfRule))]);

describe('a sample event', () => {
  it('reaches the queue of its control’s evaluator, and no other', () => {
    const expected = samples.map(({ file }) => {
      const control = controls.find(({ id }) => id === file.split(path.sep)[1]);
      return { file, reached: control === undefined ? [] : [evaluatorOf(control)] };
    });
    const got = reached(samples.map(({ event }) => event));
    expect(samples.length).toBeGreaterThan(100);
    expect(samples.map(({ file }, index) => ({ file, reached: got[index] }))).toEqual(expected);
  });

  it.each([
    ['that failed', { detail: { errorCode: 'Client.UnauthorizedOperation' } }],
    ['that another service logged', { detail: { eventSource: 'autoscaling.amazonaws.com' } }],
    ['with a name that no control declares', { detail: { eventName: 'DescribeInstances' } }],
    ['sent by somebody else', { source: 'com.example' }],
    ['of another kind', { 'detail-type': 'AWS Console Sign In via CloudTrail' }],
  ])('%s reaches none', (_, change) => {
    const changed = samples.map(({ event }) => merged(event, change));
    expect(reached(changed).filter((names) => names.length > 0)).toEqual([]);
  });
});

describe('an event of the sample archive', () => {
  const records = globSync('data/sample/**/*.json.gz', { cwd: root })
    .sort()
    .flatMap((file) =>
      list(JSON.parse(gunzipSync(readFileSync(path.join(root, file))).toString('utf8')), 'Records'),
    );
  const matchers = evaluators.map((name) => {
    const own = controls.filter((control) => evaluatorOf(control) === name);
    return { name, matcher: new Matcher(own) };
  });

  it('reaches a queue just when a control declares it and the call succeeded', () => {
    const wanted = records.map((record) => {
      const parsed = parseRecord(record);
      if (!parsed.ok || at(record, 'errorCode') !== undefined) return [];
      return matchers.filter(({ matcher }) => matcher.declares(parsed.event)).map(({ name }) => name);
    });
    expect(wanted.flat().length).toBeGreaterThan(100);
    expect(reached(records.map(delivered))).toEqual(wanted);
  });
});

/** A record as EventBridge delivers it. Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail". */
function delivered(record: unknown): unknown {
  return {
    source: `aws.${text(record, 'eventSource')?.split('.')[0]}`,
    'detail-type':
      text(record, 'eventType') === 'AwsServiceEvent'
        ? 'AWS Service Event via CloudTrail'
        : 'AWS API Call via CloudTrail',
    detail: record,
  };
}

function merged(value: unknown, change: unknown): unknown {
  if (!isObject(value) || !isObject(change)) return change;
  return {
    ...value,
    ...Object.fromEntries(Object.entries(change).map(([key, inner]) => [key, merged(value[key], inner)])),
  };
}
