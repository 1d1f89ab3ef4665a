/**
 * What an action may write, as narrowly as IAM can tell: plain data beside the code that makes the call, of which a
 * deployment makes the statements of its roles. A write that does not say on what it is allowed does not compile.
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys" of each service; IAM User Guide,
 * "IAM JSON policy elements: Condition operators".
 */

/** As IAM names it: `kms:EnableKey`. */
export type IamAction = `${string}:${string}`;

/** What only a deployment or its policy can fill in. */
export type Placeholder =
  /** The name of the deployment's own stack. */
  | { readonly of: 'stack-name' }
  /** A pattern of the names of the tags that the policy has resources tagged with: `trailseal:*`. */
  | { readonly of: 'policy-tags' }
  /** The host of a service in the deployment's Region, as `kms:ViaService` has it: `ec2.eu-central-1.amazonaws.com`. */
  | { readonly of: 'endpoint'; readonly service: string };

/** By operator and condition key: `{ Bool: { 'kms:GrantIsForAWSResource': 'true' } }`. */
export type WriteCondition = {
  readonly [operator: string]: { readonly [key: string]: string | Placeholder | readonly string[] };
};

/** The resources that a write is allowed on, in the deployment's own Region. */
export type WriteTarget =
  | {
      /** The third part of their ARN: `kms`. */
      readonly service: string;
      /** What follows the account, with a `*` in place of the id: `key/*`. */
      readonly resource: string;
      /** `none`: their ARN names no account. `any`: those of other accounts too. Left out: the deployment's own account. */
      readonly account?: 'none' | 'any';
    }
  /** Only the one whose ARN the policy has in this setting of the action's control; none where it names none or several. */
  | { readonly service: string; readonly resource: string; readonly namedInSetting: string }
  /** For actions of which IAM knows no resources. */
  | { readonly all: 'of-the-region' };

export interface Write {
  readonly action: IamAction;
  readonly on: readonly [WriteTarget, ...WriteTarget[]];
  /** Left out only where IAM knows none that fits. */
  readonly condition?: WriteCondition;
}

/** What an action, or its undo, needs: all that it calls. */
export interface ActionPermissions {
  readonly reads: readonly string[];
  /** The same action may be there several times, each time on other resources or on another condition. */
  readonly writes: readonly Write[];
}

/**
 * The IAM actions, each once, in the order of the writes.
 * @example writeActions([{ action: 'kms:EnableKey', on: [{ service: 'kms', resource: 'key/*' }] }]) // ['kms:EnableKey']
 */
export function writeActions(writes: readonly Write[]): readonly IamAction[] {
  return [...new Set(writes.map(({ action }) => action))];
}

/**
 * Trailseal's own resources are left alone: CloudFormation tags them, and nobody else can set its tags.
 * Source: AWS CloudFormation User Guide, "Resource tags" (`aws:cloudformation:stack-name`).
 */
export const notOwn: WriteCondition = {
  StringNotEquals: { 'aws:ResourceTag/aws:cloudformation:stack-name': { of: 'stack-name' } },
};

/** Only tags whose names the policy's prefix begins, and one at least: `ForAllValues` is true of no tags at all, too. */
export const onlyPolicyTags: WriteCondition = {
  'ForAllValues:StringLike': { 'aws:TagKeys': { of: 'policy-tags' } },
  Null: { 'aws:TagKeys': 'false' },
};

/**
 * Only where the request has the key: whatever its value.
 * @example present('aws:RequestTag/trailseal:isolation') // { Null: { 'aws:RequestTag/trailseal:isolation': 'false' } }
 */
export function present(key: string): WriteCondition {
  return { Null: { [key]: 'false' } };
}

/**
 * Only where the request has none of the keys.
 * @example absent('ec2:Add/group', 'ec2:Add/userId')
 */
export function absent(...keys: readonly string[]): WriteCondition {
  return { Null: Object.fromEntries(keys.map((key) => [key, 'true'])) };
}
