/** Findings in the sizes that Security Hub takes: each within its limit, and so many together in a call. Pure. */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { asffLimits } from './asff-limits.ts';

export interface Sized {
  readonly finding: AwsSecurityFinding;
  /** Of its UTF-8 JSON. */
  readonly bytes: number;
}

export function sized(finding: AwsSecurityFinding): Sized {
  return { finding, bytes: Buffer.byteLength(JSON.stringify(finding)) };
}

/**
 * A finding within Security Hub's limit. One that is too large loses, until it fits, what is needed least: the tags
 * of its resources, their details under `Other`, all their details, and product fields, the longest first.
 * @returns what fits; or, where that is not enough, what is left, still too large.
 * @example const { finding, bytes } = shrunk(toAsff(finding, control, updatedAt));
 */
export function shrunk(finding: AwsSecurityFinding): Sized {
  const steps: readonly ((whole: AwsSecurityFinding) => AwsSecurityFinding)[] = [
    (whole) => withResources(whole, ({ Tags: _tags, ...resource }) => resource),
    (whole) =>
      withResources(whole, ({ Details: { Other: _other, ...details } = {}, ...resource }) =>
        Object.keys(details).length === 0 ? resource : { ...resource, Details: details },
      ),
    (whole) => withResources(whole, ({ Details: _details, ...resource }) => resource),
  ];
  let fitting = sized(finding);
  for (const step of steps) {
    if (fits(fitting)) return fitting;
    fitting = sized(step(fitting.finding));
  }
  while (!fits(fitting)) {
    const less = withoutLongestField(fitting.finding);
    if (less === undefined) break;
    fitting = sized(less);
  }
  return fitting;
}

export function fits({ bytes }: Sized): boolean {
  return bytes <= asffLimits.findingBytes;
}

/**
 * In their order, as many findings a call as it takes by number and size.
 * @example for (const batch of batches(findings.map(shrunk).filter(fits))) …
 */
export function batches<T extends Sized>(findings: readonly T[]): readonly (readonly T[])[] {
  const made: T[][] = [];
  let bytes = 0;
  for (const finding of findings) {
    const last = made.at(-1);
    const more = finding.bytes + ','.length;
    if (
      last === undefined ||
      last.length === asffLimits.findingsInCall ||
      bytes + more > asffLimits.callBytes
    ) {
      made.push([finding]);
      bytes = '{"Findings":[]}'.length + finding.bytes;
    } else {
      last.push(finding);
      bytes += more;
    }
  }
  return made;
}

type AsffResource = NonNullable<AwsSecurityFinding['Resources']>[number];

function withResources(
  finding: AwsSecurityFinding,
  change: (resource: AsffResource) => AsffResource,
): AwsSecurityFinding {
  return { ...finding, Resources: finding.Resources?.map(change) };
}

function withoutLongestField(finding: AwsSecurityFinding): AwsSecurityFinding | undefined {
  const { ProductFields: fields = {}, ...others } = finding;
  const [longest, ...rest] = Object.entries(fields).sort(([, one], [, other]) => other.length - one.length);
  if (longest === undefined) return undefined;
  return rest.length === 0 ? others : { ...others, ProductFields: Object.fromEntries(rest) };
}
