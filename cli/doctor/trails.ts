/** Checks that a trail logs the events that Trailseal evaluates, so that EventBridge receives them. Pure. */
import type { EvaluatorName } from '../../lib/core/service.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import type { Answer, NoAnswer } from '../aws/answer.ts';
import { type CheckResult, listed, ok, problem, unknownFor, word } from './check.ts';

/** A trail that applies to a Region: its own, or the shadow of a multi-Region trail. */
export interface ObservedTrail {
  readonly name: string;
  readonly arn: string;
  readonly homeRegion: string;
  readonly ofOrganization: boolean;
  readonly logging: Answer<boolean>;
  readonly selectors: Answer<Selectors>;
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

/** `partly`: it depends on more than source and name of the event, such as the caller. */
export type TrailLogs = 'yes' | 'partly' | 'no';

/**
 * Whether a trail logs a write management event. A trail without selectors logs all management events.
 * Source: AWS CloudTrail API Reference, "EventSelector", "AdvancedEventSelector", "AdvancedFieldSelector".
 */
export function logs({ basic, advanced }: Selectors, eventSource: string, eventName: string): TrailLogs {
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
  const answers = advanced.map(({ FieldSelectors }): TrailLogs => {
    const fields = FieldSelectors ?? [];
    // A selector without a category selects nothing.
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

/** The events that an evaluator needs. */
export interface NeededEvents {
  readonly evaluator: EvaluatorName;
  readonly pattern: EventPattern;
}

/**
 * Checks the trails of a Region. EventBridge receives API calls only where a trail logs them.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
 */
export function assessTrails(
  trails: Answer<readonly ObservedTrail[]>,
  evaluators: readonly NeededEvents[],
  region: string,
): CheckResult[] {
  if (!trails.known) return [unknownFor('trail', [trails])];
  const unanswered = trails.value.flatMap(unansweredOf);
  const on = trails.value.filter(({ logging }) => logging.known && logging.value);
  if (on.length === 0 && unanswered.length > 0) return [unknownTrails('trail', trails.value, unanswered)];
  if (on.length === 0) return [noTrail(trails.value, region)];
  const results = evaluators.map((needed) => assessEvaluator(needed, on, trails.value, unanswered));
  const logged = evaluators.filter((_evaluator, index) => results[index] === undefined);
  const names = on.map(
    ({ name, ofOrganization }) => `${name}${ofOrganization ? ' (of the organization)' : ''}`,
  );
  return [
    ...(logged.length === 0
      ? []
      : [
          ok(
            'trail',
            `${names.join(', ')} logs the management events of ${logged.map(({ evaluator }) => evaluator).join(', ')}`,
          ),
        ]),
    ...results.filter((result) => result !== undefined),
  ];
}

function unansweredOf({ logging, selectors }: ObservedTrail): NoAnswer[] {
  if (!logging.known) return [logging];
  return logging.value && !selectors.known ? [selectors] : [];
}

/** @returns `undefined` when all events that the evaluator needs are logged. */
function assessEvaluator(
  { evaluator, pattern }: NeededEvents,
  on: readonly ObservedTrail[],
  all: readonly ObservedTrail[],
  unanswered: readonly NoAnswer[],
): CheckResult | undefined {
  const names = textsIn(pattern, 'eventName');
  const sources = textsIn(pattern, 'eventSource');
  const source = sources.join(', ');
  const answers = names.map((name) => {
    const each = on.flatMap(({ selectors }) =>
      selectors.known ? sources.map((one) => logs(selectors.value, one, name)) : [],
    );
    return { name, logs: each.includes('yes') ? 'yes' : each.includes('partly') ? 'partly' : 'no' };
  });
  const missing = answers.filter((answer) => answer.logs === 'no').map(({ name }) => name);
  const partly = answers.filter((answer) => answer.logs === 'partly').map(({ name }) => name);
  const id = `trail/${evaluator}`;
  if (missing.length + partly.length === 0) return undefined;
  if (unanswered.length > 0) return unknownTrails(id, all, unanswered);
  const trails = on.map(({ name }) => name).join(', ');
  const commands = on.slice(0, 1).flatMap(({ arn, homeRegion }) => {
    const of = `--region ${word(homeRegion)} --trail-name ${word(arn)}`;
    return [
      `aws cloudtrail get-event-selectors ${of}`,
      `aws cloudtrail put-event-selectors ${of} --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'`,
    ];
  });
  const text =
    `have a trail log all write management events, including those of ${source} ` +
    '(put-event-selectors replaces all selectors of a trail: keep the data events that the first command shows)';
  if (missing.length === names.length) {
    const message = `no trail logs the write events of ${source}, so that EventBridge does not receive them: ${trails} excludes them`;
    return problem('fail', id, message, text, commands);
  }
  if (missing.length > 0) {
    const message = `no trail logs ${listed(missing)} of ${source}: ${trails} excludes them`;
    return problem('fail', id, message, text, commands);
  }
  const message = `${trails} logs ${listed(partly)} of ${source} only under further conditions, such as the caller`;
  return problem('warn', id, message, text, commands);
}

function noTrail(trails: readonly ObservedTrail[], region: string): CheckResult {
  const [stopped] = trails;
  if (stopped === undefined) {
    return problem(
      'fail',
      'trail',
      'no CloudTrail trail logs this Region, so that EventBridge receives no API calls',
      'create a multi-Region trail that logs management events; its bucket needs a policy that lets CloudTrail write',
      [
        `aws cloudtrail create-trail --region ${word(region)} --name management-events --s3-bucket-name BUCKET --is-multi-region-trail`,
        `aws cloudtrail start-logging --region ${word(region)} --name management-events`,
      ],
    );
  }
  return problem(
    'fail',
    'trail',
    `no trail logs: ${trails.map(({ name }) => name).join(', ')} is off, so that EventBridge receives no API calls`,
    'start logging',
    [`aws cloudtrail start-logging --region ${word(stopped.homeRegion)} --name ${word(stopped.arn)}`],
  );
}

function unknownTrails(
  id: string,
  trails: readonly ObservedTrail[],
  unanswered: readonly NoAnswer[],
): CheckResult {
  const result = unknownFor(id, unanswered);
  const organizations = trails.some((trail) => trail.ofOrganization && unansweredOf(trail).length > 0);
  if (!organizations || result.advice === undefined) return result;
  const text = `${result.advice.text}; or run doctor in the organization's management account`;
  return { ...result, advice: { ...result.advice, text } };
}

/** The texts that a pattern lists for a member of the event's detail. */
export function textsIn({ detail }: EventPattern, name: string): readonly string[] {
  const values = detail[name];
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}
