/** The invariants of what the pipeline writes: each function returns the violations, as sentences. */
import { isDeepStrictEqual } from 'node:util';
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { parseArn } from '../../lib/core/arn.ts';
import type { Resource } from '../../lib/core/control.ts';
import { asffLimits } from '../../lib/findings/asff-limits.ts';
import { toItem } from '../../lib/findings/state/item.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import { readStreamRecord } from '../../lib/remediation/events/stream.ts';
import { transitionSchema } from '../../lib/remediation/events/transition.ts';
import { accountRegion } from './values.ts';

/** Source: Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB": keys and items, in bytes. */
const dynamo = { key: 2_048, item: 400_000 } as const;
/** Source: Amazon EventBridge API Reference, "PutEvents": bytes of an entry. */
const eventBytes = 256 * 1_024;

/** A log line may hold nothing that a terminal or a parser of lines would act upon. */
export function violationsOfLine(line: string): readonly string[] {
  const violations: string[] = [];
  if (!/^[\x20-\x7e]*$/.test(line))
    violations.push(`holds more than printable ASCII: ${JSON.stringify(line.slice(0, 300))}`);
  if (line.length > 256 * 1_024) violations.push(`has ${line.length} characters`);
  try {
    JSON.parse(line);
  } catch {
    violations.push(`is not JSON: ${line.slice(0, 200)}`);
  }
  return violations;
}

/** A resource is in the deployment's own account and Region, also by its ARN. */
export function violationsOfAccountRegion({ account, region, arn, partOf }: Resource): readonly string[] {
  const violations: string[] = [];
  if (account !== accountRegion.account || region !== accountRegion.region)
    violations.push(`is in ${account}/${region}`);
  for (const name of [arn, partOf]) {
    // A snapshot's ARN names no account.
    const parsed = parseArn(name);
    if (![undefined, '', accountRegion.account].includes(parsed?.account))
      violations.push(`has the ARN ${name}`);
    if (![undefined, '', accountRegion.region].includes(parsed?.region))
      violations.push(`has the ARN ${name}`);
  }
  return violations;
}

export function violationsOfFinding(finding: AwsSecurityFinding): readonly string[] {
  const violations = [...textViolations('', finding)];
  const { Id = '', AwsAccountId, ProductArn, Resources: [resource] = [], ProductFields = {} } = finding;
  if (Id.length > asffLimits.id) violations.push(`Id has ${Id.length} characters`);
  if (!Id.startsWith('trailseal/') || !Id.includes(`/${accountRegion.account}/${accountRegion.region}/`))
    violations.push(`Id is ${Id}`);
  if (AwsAccountId !== accountRegion.account) violations.push(`AwsAccountId is ${AwsAccountId}`);
  if (
    ProductArn !==
    `arn:aws:securityhub:${accountRegion.region}:${accountRegion.account}:product/${accountRegion.account}/default`
  )
    violations.push(`ProductArn is ${ProductArn}`);
  if (resource?.Region !== accountRegion.region) violations.push(`its resource is in ${resource?.Region}`);
  if ((resource?.Id?.length ?? 0) > asffLimits.id) violations.push(`its resource has a long Id`);
  if ((finding.Description?.length ?? 0) > asffLimits.description) violations.push(`has a long Description`);
  if (Object.keys(ProductFields).length > asffLimits.productFields) violations.push('has many ProductFields');
  for (const [name, value] of Object.entries(ProductFields)) {
    if (name.length > asffLimits.productFieldKey) violations.push(`ProductFields has the long name ${name}`);
    if (value.length > asffLimits.productFieldValue) violations.push(`ProductFields ${name} is long`);
  }
  if (Buffer.byteLength(JSON.stringify(finding)) > asffLimits.findingBytes) violations.push('is too large');
  return violations;
}

/** Every string is one line of well-formed Unicode that is not blank, without control characters. */
function textViolations(where: string, value: unknown): readonly string[] {
  if (typeof value === 'string') {
    const good = value.trim() !== '' && value.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(value);
    return good ? [] : [`${where} is ${JSON.stringify(value.slice(0, 100))}`];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...textViolations(`${where} key`, key),
    ...textViolations(`${where}.${key}`, member),
  ]);
}

/** What DynamoDB would store, and what its stream would make of the write. */
export function violationsOfWrite(
  before: Recorded | undefined,
  after: Recorded,
  now: number,
): readonly string[] {
  const violations = [...violationsOfAccountRegion(after.resource)];
  // Without a change of the finding the stream makes no transition, and the item stays small.
  if (isDeepStrictEqual(before?.finding, after.finding)) return violations;
  const item = itemOf(after, now);
  const bytes = Object.entries(item).reduce(
    (sum, [name, { S, N, B }]) => sum + name.length + Buffer.byteLength(S ?? N ?? '') + (B?.byteLength ?? 0),
    0,
  );
  if (bytes > dynamo.item) violations.push(`its item has ${bytes} bytes`);
  for (const name of ['pk', 'open', 'partOf']) {
    const text = item[name]?.S ?? '-';
    if (text === '' || Buffer.byteLength(text) > dynamo.key || !text.isWellFormed()) {
      violations.push(`its ${name} is ${JSON.stringify(text.slice(0, 200))}`);
    }
  }
  const read = readStreamRecord({
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      Keys: { pk: item['pk'], sk: item['sk'] },
      ...(before === undefined ? {} : { OldImage: image(itemOf(before, now)) }),
      NewImage: image(item),
    },
  });
  if (read.kind === 'unreadable') violations.push(`its stream record is unreadable: ${read.reason}`);
  if (read.kind !== 'transition') return violations;
  const detail = JSON.stringify(read.transition);
  const parsed = transitionSchema.safeParse(JSON.parse(detail));
  if (!parsed.success) violations.push(`its transition does not match the schema: ${parsed.error.message}`);
  if (Buffer.byteLength(detail) > eventBytes)
    violations.push(`its transition has ${detail.length} characters`);
  if (!detail.isWellFormed()) violations.push('its transition is not well-formed');
  const { account, region } = read.transition;
  if (account !== accountRegion.account || region !== accountRegion.region)
    violations.push(`its transition is of ${account}/${region}`);
  return violations;
}

const items = new WeakMap<Recorded, ReturnType<typeof toItem>>();

/** Each entry is packed once, although it is checked after its own write and before the next. */
function itemOf(entry: Recorded, now: number): ReturnType<typeof toItem> {
  const item = items.get(entry) ?? toItem(entry, now);
  items.set(entry, item);
  return item;
}

/** The item as JSON in a stream's record: bytes are in base64. */
function image(item: ReturnType<typeof toItem>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  );
}
