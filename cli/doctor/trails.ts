/** Whether CloudTrail tells EventBridge of what Trailseal waits for. Pure. */
import type { EvaluatorName, EventPattern } from '../../lib/pipeline/evaluators.ts';
import type { Seen, Unseen } from '../aws/answer.ts';
import { type Finding, ok, trouble, unknownFor, word } from './check.ts';

/** A trail that concerns a Region: one of its own, or the shadow of one that is for all Regions. */
export interface Trail {
  readonly name: string;
  readonly arn: string;
  readonly homeRegion: string;
  readonly ofOrganization: boolean;
  readonly logging: Seen<boolean>;
  readonly selectors: Seen<Selectors>;
}

/** Source: AWS CloudTrail API Reference, "GetEventSelectors". */
export interface Selectors {
  readonly basic: readonly {
    readonly ReadWriteType?: string | undefined;
    readonly IncludeManagementEvents?: boolean | undefined;
    readonly ExcludeManagementEventSources?: readonly string[] | undefined;
  }[];
  readonly advanced: readonly { readonly FieldSelectors: readonly FieldSelector[] | undefined }[];
}

export interface FieldSelector {
  readonly Field: string | undefined;
  readonly Equals?: readonly string[] | undefined;
  readonly StartsWith?: readonly string[] | undefined;
  readonly EndsWith?: readonly string[] | undefined;
  readonly NotEquals?: readonly string[] | undefined;
  readonly NotStartsWith?: readonly string[] | undefined;
  readonly NotEndsWith?: readonly string[] | undefined;
}

/** `partly`: it depends on more than the source and the name of the event, such as who calls. */
export type Logs = 'yes' | 'partly' | 'no';

/**
 * Whether a trail logs a management event that writes. A trail without selectors logs all management events.
 * Source: AWS CloudTrail API Reference, "EventSelector", "AdvancedEventSelector", "AdvancedFieldSelector".
 */
export function logs({ basic, advanced }: Selectors, eventSource: string, eventName: string): Logs {
  if (basic.length === 0 && advanced.length === 0) return 'yes';
  const ofBasic = basic.some(
    ({ ReadWriteType, IncludeManagementEvents, ExcludeManagementEventSources }) =>
      IncludeManagementEvents !== false &&
      ReadWriteType !== 'ReadOnly' &&
      !(ExcludeManagementEventSources ?? []).includes(eventSource),
  );
  if (ofBasic) return 'yes';
  const known = new Map([
    ['eventCategory', 'Management'],
    ['readOnly', 'false'],
    ['eventSource', eventSource],
    ['eventName', eventName],
  ]);
  const answers = advanced.map(({ FieldSelectors }): Logs => {
    const fields = FieldSelectors ?? [];
    // Without a category a selector selects nothing.
    if (!fields.some(({ Field }) => Field === 'eventCategory')) return 'no';
    const matches = fields.map((field) => {
      const value = known.get(field.Field ?? '');
      return value === undefined ? undefined : selects(field, value);
    });
    if (matches.includes(false)) return 'no';
    return matches.includes(undefined) ? 'partly' : 'yes';
  });
  return answers.includes('yes') ? 'yes' : answers.includes('partly') ? 'partly' : 'no';
}

function selects(field: FieldSelector, value: string): boolean {
  const { Equals = [], StartsWith = [], EndsWith = [] } = field;
  const { NotEquals = [], NotStartsWith = [], NotEndsWith = [] } = field;
  const wanted = [
    ...Equals.map((one) => value === one),
    ...StartsWith.map((one) => value.startsWith(one)),
    ...EndsWith.map((one) => value.endsWith(one)),
  ];
  const unwanted = [
    ...NotEquals.map((one) => value === one),
    ...NotStartsWith.map((one) => value.startsWith(one)),
    ...NotEndsWith.map((one) => value.endsWith(one)),
  ];
  return (wanted.length === 0 || wanted.includes(true)) && !unwanted.includes(true);
}

/** What an evaluator waits for. */
export interface Waiting {
  readonly evaluator: EvaluatorName;
  readonly pattern: EventPattern;
}

/**
 * Evaluates the trails of a Region. EventBridge is told of calls only where a trail logs them.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
 */
export function assessTrails(
  trails: Seen<readonly Trail[]>,
  evaluators: readonly Waiting[],
  region: string,
): Finding[] {
  if (!trails.known) return [unknownFor('trail', [trails])];
  const unseen = trails.value.flatMap(unseenOf);
  const on = trails.value.filter(({ logging }) => logging.known && logging.value);
  if (on.length === 0 && unseen.length > 0) return [unseenTrails('trail', trails.value, unseen)];
  if (on.length === 0) return [noTrail(trails.value, region)];
  const findings = evaluators.map((waiting) => assessEvaluator(waiting, on, trails.value, unseen));
  const heard = evaluators.filter((_evaluator, accountRegion) => findings[accountRegion] === undefined);
  const names = on.map(
    ({ name, ofOrganization }) => `${name}${ofOrganization ? ' (of the organization)' : ''}`,
  );
  return [
    ...(heard.length === 0
      ? []
      : [
          ok(
            'trail',
            `${names.join(', ')} logs the management events that Trailseal waits for: ${heard.map(({ evaluator }) => evaluator).join(', ')}`,
          ),
        ]),
    ...findings.filter((finding) => finding !== undefined),
  ];
}

function unseenOf({ logging, selectors }: Trail): Unseen[] {
  if (!logging.known) return [logging];
  return logging.value && !selectors.known ? [selectors] : [];
}

/** @returns `undefined` when everything is logged that the evaluator waits for. */
function assessEvaluator(
  { evaluator, pattern }: Waiting,
  on: readonly Trail[],
  all: readonly Trail[],
  unseen: readonly Unseen[],
): Finding | undefined {
  const names = textsIn(pattern, 'eventName');
  const sources = textsIn(pattern, 'eventSource');
  const source = sources.join(', ');
  const answers = names.map((name) => {
    const each = on.flatMap(({ selectors }) =>
      selectors.known ? sources.map((each) => logs(selectors.value, each, name)) : [],
    );
    return { name, logs: each.includes('yes') ? 'yes' : each.includes('partly') ? 'partly' : 'no' };
  });
  const missing = answers.filter((answer) => answer.logs === 'no').map(({ name }) => name);
  const partly = answers.filter((answer) => answer.logs === 'partly').map(({ name }) => name);
  const id = `trail/${evaluator}`;
  if (missing.length + partly.length === 0) return undefined;
  if (unseen.length > 0) return unseenTrails(id, all, unseen);
  const trails = on.map(({ name }) => name).join(', ');
  const commands = on.slice(0, 1).flatMap(({ arn, homeRegion }) => {
    const of = `--region ${word(homeRegion)} --trail-name ${word(arn)}`;
    return [
      `aws cloudtrail get-event-selectors ${of}`,
      `aws cloudtrail put-event-selectors ${of} --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'`,
    ];
  });
  const what =
    `have a trail log all management events that write, of ${source} too ` +
    '(put-event-selectors replaces all selectors of a trail: keep what the first command shows of data events)';
  if (missing.length === names.length) {
    const seen = `no trail logs the write events of ${source}, so that EventBridge never hears of them: ${trails} leaves them out`;
    return trouble('fail', id, seen, what, commands);
  }
  if (missing.length > 0) {
    const seen = `no trail logs ${some(missing)} of ${source}; ${trails} leaves them out`;
    return trouble('fail', id, seen, what, commands);
  }
  const seen = `${trails} logs ${some(partly)} of ${source} only under further conditions, such as who calls`;
  return trouble('warn', id, seen, what, commands);
}

function noTrail(trails: readonly Trail[], region: string): Finding {
  const [stopped] = trails;
  if (stopped === undefined) {
    return trouble(
      'fail',
      'trail',
      'no CloudTrail trail logs this Region, so that EventBridge hears of no call',
      'make a trail for all Regions that logs management events; its bucket needs a policy that lets CloudTrail write',
      [
        `aws cloudtrail create-trail --region ${word(region)} --name management-events --s3-bucket-name BUCKET --is-multi-region-trail`,
        `aws cloudtrail start-logging --region ${word(region)} --name management-events`,
      ],
    );
  }
  return trouble(
    'fail',
    'trail',
    `no trail logs: ${trails.map(({ name }) => name).join(', ')} is switched off, so that EventBridge hears of no call`,
    'switch logging on',
    [`aws cloudtrail start-logging --region ${word(stopped.homeRegion)} --name ${word(stopped.arn)}`],
  );
}

function unseenTrails(id: string, trails: readonly Trail[], unseen: readonly Unseen[]): Finding {
  const finding = unknownFor(id, unseen);
  const organizations = trails.some((trail) => trail.ofOrganization && unseenOf(trail).length > 0);
  if (!organizations || finding.advice === undefined) return finding;
  const what = `${finding.advice.what}; the organization's management account can tell as well`;
  return { ...finding, advice: { ...finding.advice, what } };
}

function some(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).join(', ')}${more}`;
}

function textsIn({ detail }: EventPattern, name: string): readonly string[] {
  const values = detail[name];
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}
