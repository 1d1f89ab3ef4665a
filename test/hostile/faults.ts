/** What is wrong with what comes out of the pipeline, as sentences; none is as it should be. */
import { isDeepStrictEqual } from 'node:util';
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { parseArn } from '../../lib/core/arn.ts';
import type { Resource } from '../../lib/core/control.ts';
import { asffLimits } from '../../lib/findings/asff-limits.ts';
import { toItem } from '../../lib/findings/state/item.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import { streamed } from '../../lib/remediation/events/stream.ts';
import { transitionSchema } from '../../lib/remediation/events/transition.ts';
import { accountRegion } from './values.ts';

/** Source: Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB": keys and items, in bytes. */
const dynamo = { key: 2_048, item: 400_000 } as const;
/** Source: Amazon EventBridge API Reference, "PutEvents": bytes of an entry. */
const eventBytes = 256 * 1_024;

/** No line of a log may hold anything that a terminal or a reader of lines would act upon. */
export function faultsOfLine(line: string): readonly string[] {
  const faults: string[] = [];
  if (!/^[\x20-\x7e]*$/.test(line))
    faults.push(`holds more than printable ASCII: ${JSON.stringify(line.slice(0, 300))}`);
  if (line.length > 256 * 1_024) faults.push(`has ${line.length} characters`);
  try {
    JSON.parse(line);
  } catch {
    faults.push(`is no JSON: ${line.slice(0, 200)}`);
  }
  return faults;
}

/** Of another account or Region than the deployment's, by itself or by its ARN. */
export function faultsOfAccountRegion({ account, region, arn, partOf }: Resource): readonly string[] {
  const faults: string[] = [];
  if (account !== accountRegion.account || region !== accountRegion.region)
    faults.push(`is in ${account}/${region}`);
  for (const name of [arn, partOf]) {
    // A snapshot's ARN names no account.
    const parsed = parseArn(name);
    if (![undefined, '', accountRegion.account].includes(parsed?.account)) faults.push(`has the ARN ${name}`);
    if (![undefined, '', accountRegion.region].includes(parsed?.region)) faults.push(`has the ARN ${name}`);
  }
  return faults;
}

export function faultsOfFinding(finding: AwsSecurityFinding): readonly string[] {
  const faults = [...textFaults('', finding)];
  const { Id = '', AwsAccountId, ProductArn, Resources: [resource] = [], ProductFields = {} } = finding;
  if (Id.length > asffLimits.id) faults.push(`Id has ${Id.length} characters`);
  if (!Id.startsWith('trailseal/') || !Id.includes(`/${accountRegion.account}/${accountRegion.region}/`))
    faults.push(`Id is ${Id}`);
  if (AwsAccountId !== accountRegion.account) faults.push(`AwsAccountId is ${AwsAccountId}`);
  if (
    ProductArn !==
    `arn:aws:securityhub:${accountRegion.region}:${accountRegion.account}:product/${accountRegion.account}/default`
  )
    faults.push(`ProductArn is ${ProductArn}`);
  if (resource?.Region !== accountRegion.region) faults.push(`its resource is in ${resource?.Region}`);
  if ((resource?.Id?.length ?? 0) > asffLimits.id) faults.push(`its resource has a long Id`);
  if ((finding.Description?.length ?? 0) > asffLimits.description) faults.push(`has a long Description`);
  if (Object.keys(ProductFields).length > asffLimits.productFields) faults.push('has many ProductFields');
  for (const [name, value] of Object.entries(ProductFields)) {
    if (name.length > asffLimits.productFieldKey) faults.push(`ProductFields has the long name ${name}`);
    if (value.length > asffLimits.productFieldValue) faults.push(`ProductFields ${name} is long`);
  }
  if (Buffer.byteLength(JSON.stringify(finding)) > asffLimits.findingBytes) faults.push('is too large');
  return faults;
}

/** Every string is one line of well-formed Unicode that is not blank, without control characters. */
function textFaults(where: string, value: unknown): readonly string[] {
  if (typeof value === 'string') {
    const good = value.trim() !== '' && value.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(value);
    return good ? [] : [`${where} is ${JSON.stringify(value.slice(0, 100))}`];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...textFaults(`${where} key`, key),
    ...textFaults(`${where}.${key}`, member),
  ]);
}

/** As DynamoDB would keep it, and as its stream would tell of the write. */
export function faultsOfWrite(before: Recorded | undefined, after: Recorded, now: number): readonly string[] {
  const faults = [...faultsOfAccountRegion(after.resource)];
  // What is not told to others is small.
  if (isDeepStrictEqual(before?.finding, after.finding)) return faults;
  const item = itemOf(after, now);
  const bytes = Object.entries(item).reduce(
    (sum, [name, { S, N, B }]) => sum + name.length + Buffer.byteLength(S ?? N ?? '') + (B?.byteLength ?? 0),
    0,
  );
  if (bytes > dynamo.item) faults.push(`its item has ${bytes} bytes`);
  for (const name of ['pk', 'open', 'partOf']) {
    const text = item[name]?.S ?? '-';
    if (text === '' || Buffer.byteLength(text) > dynamo.key || !text.isWellFormed()) {
      faults.push(`its ${name} is ${JSON.stringify(text.slice(0, 200))}`);
    }
  }
  const told = streamed({
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      Keys: { pk: item['pk'], sk: item['sk'] },
      ...(before === undefined ? {} : { OldImage: image(itemOf(before, now)) }),
      NewImage: image(item),
    },
  });
  if (told.kind === 'unreadable') faults.push(`its stream record is unreadable: ${told.reason}`);
  if (told.kind !== 'transition') return faults;
  const detail = JSON.stringify(told.transition);
  const parsed = transitionSchema.safeParse(JSON.parse(detail));
  if (!parsed.success) faults.push(`its transition is not as the schema says: ${parsed.error.message}`);
  if (Buffer.byteLength(detail) > eventBytes) faults.push(`its transition has ${detail.length} characters`);
  if (!detail.isWellFormed()) faults.push('its transition is not well-formed');
  const { account, region } = told.transition;
  if (account !== accountRegion.account || region !== accountRegion.region)
    faults.push(`its transition is of ${account}/${region}`);
  return faults;
}

const items = new WeakMap<Recorded, ReturnType<typeof toItem>>();

/** Packed once, as the same entry is looked at after its own write and before the next. */
function itemOf(entry: Recorded, now: number): ReturnType<typeof toItem> {
  const item = items.get(entry) ?? toItem(entry, now);
  items.set(entry, item);
  return item;
}

/** As a stream's record has it in JSON: bytes are in base64. */
function image(item: ReturnType<typeof toItem>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  );
}
