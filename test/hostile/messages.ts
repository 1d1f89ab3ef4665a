/** Hostile messages for an evaluator's queue: samples that were tampered with, and forged messages. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { Control } from '../../lib/core/control.ts';
import { isObject } from '../../lib/core/json.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { messageVersion } from '../../lib/pipeline/live/message.ts';
import { controls, evaluatorOf, resourceTypes } from '../../lib/services/catalogue.ts';
import { accountRegion, hostileText, hostileValue } from './values.ts';

const events = path.join(import.meta.dirname, '..', '..', 'events');

/** A sample of `events/` as if it had happened in the deployment's Region, and the paths of its values. */
export interface Sample {
  readonly text: string;
  readonly paths: readonly (readonly (string | number)[])[];
}

function samplesOf(some: readonly Control[]): readonly Sample[] {
  return some.flatMap(({ id }) =>
    readdirSync(path.join(events, id)).map((name) => {
      const text = readFileSync(path.join(events, id, name), 'utf8');
      const { region } = JSON.parse(text);
      const here = text.replaceAll(region, accountRegion.region);
      return { text: here, paths: pathsIn(JSON.parse(here)) };
    }),
  );
}

export function pathsIn(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const below = Object.entries(value).flatMap(([key, member]) =>
    pathsIn(member).map((rest) => [Array.isArray(value) ? Number(key) : key, ...rest]),
  );
  return [[], ...below];
}

export type Tampering =
  | { readonly kind: 'set'; readonly where: number; readonly value: unknown }
  | { readonly kind: 'append'; readonly where: number; readonly text: string }
  | { readonly kind: 'add'; readonly where: number; readonly key: string; readonly value: unknown }
  | { readonly kind: 'remove'; readonly where: number }
  /** A duplicate key, which JSON does not forbid: the last one counts. */
  | { readonly kind: 'double'; readonly where: number; readonly value: unknown }
  /** An account, a Region or an id, everywhere. */
  | { readonly kind: 'replace'; readonly from: string; readonly to: string }
  | { readonly kind: 'cut'; readonly where: number };

const where = fc.nat({ max: 10_000 });
export const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('set' as const), where, value: hostileValue }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), where, text: hostileText }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('add' as const), where, key: hostileText, value: hostileValue }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), where }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('double' as const), where, value: hostileValue }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      from: fc.constantFrom(
        accountRegion.account,
        accountRegion.region,
        'amazonaws.com',
        ':key/',
        'i-0',
        'vol-',
        '"items"',
      ),
      to: fc.oneof(fc.constantFrom('444455556666', 'eu-west-1'), hostileText),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), where }) },
);

/** The body of a message: a sample that was tampered with. */
export function tampered(sample: Sample, tamperings: readonly Tampering[]): string {
  let root: unknown = JSON.parse(sample.text);
  for (const one of tamperings) {
    if (one.kind === 'replace' || one.kind === 'cut' || one.kind === 'double') continue;
    const at = sample.paths[one.where % sample.paths.length] ?? [];
    if (one.kind === 'set') root = changed(root, at, () => one.value);
    if (one.kind === 'append')
      root = changed(root, at, (old) => (typeof old === 'string' ? `${old}${one.text}` : old));
    if (one.kind === 'add')
      root = changed(root, at, (old) => (isObject(old) ? withMember(old, one.key, one.value) : old));
    if (one.kind === 'remove') root = changed(root, at, () => undefined);
  }
  let text = JSON.stringify(root) ?? 'null';
  for (const one of tamperings) {
    if (one.kind === 'replace') text = text.replaceAll(one.from, JSON.stringify(one.to).slice(1, -1));
    if (one.kind === 'double') text = doubled(text, one.where, one.value);
    if (one.kind === 'cut') text = text.slice(0, one.where % (text.length + 1));
  }
  return text;
}

function changed(
  value: unknown,
  at: readonly (string | number)[],
  change: (old: unknown) => unknown,
): unknown {
  const [step, ...rest] = at;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === step ? changed(item, rest, change) : item));
  }
  if (!isObject(value) || !Object.hasOwn(value, step)) return value;
  return withMember(value, String(step), changed(value[step], rest, change));
}

/** Works for the key `__proto__` too. */
function withMember(object: object, key: string, value: unknown): object {
  return Object.fromEntries([...Object.entries(object).filter(([other]) => other !== key), [key, value]]);
}

function doubled(text: string, nth: number, value: unknown): string {
  const keys = [
    ...text.matchAll(
      /"(?:eventName|eventSource|recipientAccountId|awsRegion|instanceId|volumeId|keyId|ARN|name)":/g,
    ),
  ];
  const key = keys[nth % Math.max(1, keys.length)];
  if (key === undefined) return text;
  const end = key.index + key[0].length;
  return `${text.slice(0, end)}${JSON.stringify(value)},${key[0]}${text.slice(end)}`;
}

/** A forged resource: here, elsewhere, or with an ARN that contradicts the rest of it. */
const forgedResource = fc.record(
  {
    type: fc.oneof({ weight: 5, arbitrary: fc.constantFrom<string>(...resourceTypes) }, hostileText),
    id: fc.oneof(
      fc.constantFrom('i-0123456789abcdef0', 'i-0123456789abcdef0:/dev/sdb', 'prod', 'a/b'),
      hostileText,
    ),
    arn: fc.oneof(
      fc.constantFrom(
        `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31`,
        `arn:aws:kms:${accountRegion.region}:444455556666:key/1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31`,
        `arn:aws:eks:eu-west-1:${accountRegion.account}:cluster/prod`,
      ),
      hostileText,
    ),
    account: fc.oneof({ weight: 4, arbitrary: fc.constant(accountRegion.account) }, hostileText),
    region: fc.oneof({ weight: 4, arbitrary: fc.constant(accountRegion.region) }, hostileText),
    partOf: hostileText,
    tags: hostileValue,
  },
  { requiredKeys: ['type', 'id', 'arn', 'account', 'region'] },
);

const own = (message: fc.Arbitrary<object>): fc.Arbitrary<string> =>
  message.map((members) => JSON.stringify({ trailseal: { version: messageVersion, ...members } }));

/** Forged messages of Trailseal's own. */
function forged(samples: readonly Sample[]): fc.Arbitrary<string> {
  const control = fc.constantFrom(...controls.map(({ id }) => id));
  return fc.oneof(
    own(
      fc.record({
        kind: fc.constant('re-evaluate'),
        resources: fc.array(
          fc.record(
            {
              resource: forgedResource,
              controls: fc.oneof(fc.array(control, { maxLength: 2 }), hostileValue),
            },
            { requiredKeys: ['resource'] },
          ),
          { maxLength: 4 },
        ),
      }),
    ),
    own(
      fc.record({
        kind: fc.constant('publish'),
        findings: fc.array(
          fc.oneof(
            hostileValue,
            fc
              .tuple(
                control,
                fc.constantFrom(accountRegion.account, '444455556666'),
                fc.constantFrom('prod', 'x'),
              )
              .map(([id, account, name]) => `trailseal/${id}/${account}/${accountRegion.region}/${name}`),
          ),
          { maxLength: 4 },
        ),
        attempt: fc.oneof(fc.integer(), hostileValue),
      }),
    ),
    own(fc.record({ kind: fc.constant('scan'), of: hostileValue, token: hostileValue })),
    own(fc.record({ kind: hostileValue, resources: hostileValue })),
    hostileValue.map((version) => JSON.stringify({ trailseal: { version, kind: 're-evaluate' } })),
    hostileValue.map((trailseal) => JSON.stringify({ trailseal })),
    fc.tuple(fc.constantFrom(...samples), fc.oneof(fc.integer(), hostileValue)).map(([{ text }, attempt]) =>
      JSON.stringify({
        ...JSON.parse(text),
        trailseal: { version: messageVersion, kind: 'again', attempt },
      }),
    ),
  );
}

/** Nested as deeply as a message has room for: recursion over it would overflow the stack. */
const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
const deeplyNested: readonly string[] = [
  deep,
  `{"trailseal":{"version":${deep},"kind":"re-evaluate"}}`,
  `{"trailseal":{"version":${messageVersion},"kind":"re-evaluate","resources":[{"resource":${deep}}]}}`,
  `{"eventSource":"kms.amazonaws.com","eventName":"CreateKey","requestParameters":${deep}}`,
];

/** Bodies for the queue of an evaluator: most are samples of its own controls, tampered with in one to four ways. */
export function hostileBody(evaluator: EvaluatorName): fc.Arbitrary<string> {
  const samples = samplesOf(controls.filter((control) => evaluatorOf(control) === evaluator));
  const event = fc
    .tuple(fc.constantFrom(...samples), fc.array(tampering, { minLength: 1, maxLength: 4 }))
    .map(([sample, tamperings]) => tampered(sample, tamperings));
  return fc.oneof(
    { weight: 16, arbitrary: event },
    { weight: 3, arbitrary: forged(samples) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        hostileText,
        hostileValue.map((value) => JSON.stringify(value)),
        event.map((body) => JSON.stringify({ eventSource: 'aws:sqs', body })),
        event.map((body) => `[${body}]`),
        fc.constantFrom(...deeplyNested),
        event.map((body) => `${body.slice(0, -1)},"trailseal":{"version":1,"kind":"again","attempt":2}}`),
      ),
    },
  );
}
