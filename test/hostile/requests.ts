/**
 * Messages for the queue of remediation, and the state table that they refer to: both as an attacker would write them who
 * can write to one or the other, and wants something done to what is not the deployment's.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Control } from '../../lib/core/control.ts';
import { text } from '../../lib/core/json.ts';
import { findingId } from '../../lib/findings/id.ts';
import { type Item, toItem } from '../../lib/findings/state/item.ts';
import { type Recorded, withRecords } from '../../lib/findings/state/table.ts';
import { type ActionRequest, actionRequestSchema } from '../../lib/remediation/action-request.ts';
import { transitionOf } from '../../lib/remediation/events/transition.ts';
import { remediateBody } from '../../lib/remediation/message.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { type FakeResource, fakeResources } from './fake-resources.ts';
import { pathsIn, tampered, tampering } from './messages.ts';
import { accountRegion, hostileText, hostileValue } from './values.ts';

/** When everything was found to fail, epoch milliseconds. */
export const foundAt = Date.parse('2026-03-01T12:00:00Z');

/** A resource that fails a control according to the state table, whether or not it does. */
interface Case {
  readonly control: Control;
  readonly thing: FakeResource;
}

const cases: readonly Case[] = fakeResources.flatMap((thing) =>
  controls
    .filter(({ resourceType }) => resourceType === thing.type)
    .map((control): Case => ({ control, thing })),
);
/** Those in which something is to be done. */
const asked = cases.filter(({ control, thing }) => thing.free && thing.fails.includes(control.id));

function entryOf({ control, thing: { type, id, arn, account, region, tags } }: Case): Recorded {
  const entry = withRecords(
    undefined,
    [
      {
        control,
        observation: {
          key: 'event-1',
          at: foundAt,
          cause: {
            id: 'event-1',
            eventName: 'CreateKey',
            time: foundAt,
            actor: {
              type: 'IAMUser',
              arn: `arn:aws:iam::${accountRegion.account}:user/ana`,
              name: 'ana',
              account: accountRegion.account,
              sourceIp: '198.51.100.7',
              userAgent: 'aws-cli',
            },
          },
          resource: { type, id, arn, account, region, tags },
          result: {
            kind: 'evaluated',
            verdict: 'FAIL',
            evidence: { summary: 'It fails.', required: 'that it passes', observed: [] },
            severity: 'HIGH',
            plan: { actions: [], skipped: [] },
            exemption: undefined,
            details: undefined,
          },
        },
      },
    ],
    foundAt,
  );
  if (entry === undefined) throw new TypeError('nothing was recorded');
  return entry;
}

/** What the state table would hold, had nobody tampered with it: of the deployment's account and Region, and of others. */
export const known: readonly Recorded[] = cases.map(entryOf);

/** A member of the resource or finding in the state table that is forged. */
interface Forgery {
  readonly where: 'resource' | 'finding';
  readonly member: string;
  readonly value: unknown;
}

/** ARNs and ids of everything there is, and similar ones. */
const names = fakeResources.flatMap(({ id, arn, account }) => [
  id,
  arn,
  `${arn} `,
  `${arn}\n`,
  arn.replace(account, `${account}\u200b`),
  arn.replace(account, [...account].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')),
  arn.replace('arn:aws:', 'arn:aws-cn:'),
  arn.replace(/^(arn:[^:]*):[^:]*/, '$1:iam'),
  `${arn}/../other`,
  `${id}/../other`,
]);
const name = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, hostileText);
const where = fc.constantFrom<unknown>(
  accountRegion.account,
  '444455556666',
  accountRegion.region,
  'eu-west-1',
  'unknown',
);

const forgery: fc.Arbitrary<Forgery> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      where: fc.constant('resource' as const),
      member: fc.constantFrom('id', 'arn', 'partOf'),
      value: name,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      where: fc.constant('resource' as const),
      member: fc.constantFrom('account', 'region'),
      value: fc.oneof(where, hostileText),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      where: fc.constant('resource' as const),
      member: fc.constant('type'),
      value: fc.oneof(fc.constantFrom(...fakeResources.map(({ type }) => type)), hostileText),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      where: fc.constant('resource' as const),
      member: fc.constant('tags'),
      value: hostileValue,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      where: fc.constant('finding' as const),
      member: fc.constantFrom('title', 'severity', 'account', 'region', 'openedAt', 'control', 'id'),
      value: fc.oneof(hostileText, hostileValue),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      where: fc.constant('finding' as const),
      member: fc.constant('status'),
      value: fc.constantFrom<unknown>('RESOLVED', 'ARCHIVED', 'open'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      where: fc.constant('finding' as const),
      member: fc.constant('verdict'),
      value: fc.constantFrom<unknown>('UNKNOWN', 'PASS', 'fail'),
    }),
  },
);

/** An item of the state table, whatever somebody has written into it. */
export interface Stored {
  readonly id: string;
  readonly item: Item;
  /** What the item says, which may be untrue. */
  readonly control: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly finding: Readonly<Record<string, unknown>>;
}

/** @param renamed whether what is stored has the id that its resource would give it. */
function forged(truth: Recorded, forgeries: readonly Forgery[], renamed: boolean): Stored {
  const resource: Record<string, unknown> = { ...truth.resource };
  const finding: Record<string, unknown> = { ...truth.finding };
  for (const { where, member, value } of forgeries)
    (where === 'resource' ? resource : finding)[member] = value;
  const [id = '', account = '', region = ''] = ['id', 'account', 'region'].map((name) =>
    text(resource, name),
  );
  const key = renamed ? findingId(truth.control, { ...truth.resource, id, account, region }) : truth.id;
  if (renamed) finding['id'] = key;
  const { control, observations } = truth;
  const body = { id: key, control, resource, observations, finding };
  const item = { ...toItem({ ...truth, id: key }, foundAt), body: { B: gzipSync(JSON.stringify(body)) } };
  return { id: key, item, control, resource, finding };
}

export interface Attack {
  /** What the state table holds. */
  readonly entry: Stored;
  readonly body: string;
  /** What the state table has as requested by an operator; `undefined` where nobody requested anything. */
  readonly request?: ActionRequest;
  /** Whether neither was tampered with, and something is to be done. */
  readonly due: boolean;
}

function envelope(detail: unknown): string {
  return JSON.stringify({
    version: '0',
    id: '0aa7f4b8-0000-4000-8000-000000000000',
    'detail-type': 'Control Failed',
    source: 'trailseal',
    account: accountRegion.account,
    time: new Date(foundAt).toISOString(),
    region: accountRegion.region,
    resources: [],
    detail,
  });
}

/** The transition of the entry, as the bus delivers it, with the finding's id and opening as the entry has them. */
function messageOf(truth: Recorded, { id, finding }: Stored): string {
  return envelope({ ...transitionOf(undefined, truth), finding: id, openedAt: finding['openedAt'] });
}

function remediationOf({ id, finding }: Stored): string {
  const openedAt = text(finding, 'openedAt') ?? null;
  return JSON.stringify(remediateBody({ finding: id, openedAt, reminder: false, waited: false }));
}

/** An action that an operator requested for the entry's finding, or for an invented one. */
const requested = fc.record({
  id: fc.oneof(fc.constant('request-1'), hostileText),
  finding: fc.option(hostileText, { nil: undefined, freq: 8 }),
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('quarantine', 'fix', 'undo') },
    { weight: 1, arbitrary: hostileText },
  ),
  actor: hostileText,
  reason: hostileText,
  at: fc.oneof(
    { weight: 6, arbitrary: fc.constant(new Date(foundAt + 30_000).toISOString()) },
    { weight: 1, arbitrary: fc.constantFrom('1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z') },
    { weight: 1, arbitrary: hostileText },
  ),
});

const subject = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...asked) },
  { weight: 2, arbitrary: fc.constantFrom(...cases) },
);
const forgeries = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 4, arbitrary: fc.array(forgery, { minLength: 1, maxLength: 3 }) },
);
const tamperings = fc.array(tampering, { minLength: 1, maxLength: 3 });

/** Most have a valid message, so that all depends on the state table. */
export const attack: fc.Arbitrary<Attack> = fc
  .record({
    subject,
    forgeries,
    renamed: fc.boolean(),
    how: fc.nat({ max: 19 }),
    tamperings,
    requested,
    noise: fc.oneof(
      hostileText,
      hostileValue.map((value) => JSON.stringify(value) ?? ''),
    ),
  })
  .map(({ subject, forgeries, renamed, how, tamperings, requested, noise }): Attack => {
    const truth = entryOf(subject);
    const entry = forged(truth, forgeries, renamed);
    const due = forgeries.length === 0 && asked.includes(subject);
    if (how < 8) return { entry, body: messageOf(truth, entry), due };
    if (how < 10) return { entry, body: remediationOf(entry), due };
    if (how < 14) {
      const requestedAction = { ...requested, finding: requested.finding ?? entry.id };
      const stored = actionRequestSchema.safeParse(requestedAction);
      return {
        entry,
        // More than its id is forged: nothing else of it counts.
        body: JSON.stringify({ trailseal: { version: 1, kind: 'requested-action', requestedAction } }),
        due: false,
        ...(stored.success && how !== 13 ? { request: stored.data } : {}),
      };
    }
    if (how === 19) return { entry, body: noise, due: false };
    const honest = forged(truth, [], false);
    const text = how < 18 ? messageOf(truth, honest) : remediationOf(honest);
    return {
      entry,
      body: tampered({ text, paths: pathsIn(JSON.parse(text)) }, tamperings),
      due: false,
    };
  });
