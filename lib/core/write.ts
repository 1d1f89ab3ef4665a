/**
 * What an action may write, as narrowly as IAM can express it: plain data beside the code that makes the call. A
 * deployment turns it into the statements of its roles. A write without the resources that it is allowed on does not
 * compile. Sources: Service Authorization Reference, "Actions, resources, and condition keys" of each service; IAM
 * User Guide, "IAM JSON policy elements: Condition operators".
 */

/** An action as IAM names it: `kms:EnableKey`. */
export type IamAction = `${string}:${string}`;

/** A value that only the deployment or its policy can fill in. */
export type Placeholder =
  /** The name of the deployment's own stack. */
  | { readonly of: 'stack-name' }
  /**
   * Patterns of the names of the tags that Trailseal sets, under the policy's prefix: `trailseal:*status`, ….
   */
  | { readonly of: 'policy-tags' }
  /** The one ARN that a setting of the action's control names; nothing where the setting has none or several. */
  | { readonly of: 'setting'; readonly setting: string }
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
  /**
   * Only the resource whose ARN is in this setting of the action's control; no resource where the setting has none or
   * several.
   */
  | { readonly service: string; readonly resource: string; readonly namedInSetting: string }
  /** For actions that IAM cannot limit to resources. */
  | { readonly all: 'of-the-region' };

export interface Write {
  readonly action: IamAction;
  readonly on: readonly [WriteTarget, ...WriteTarget[]];
  /** Left out only where IAM has no condition key that fits. */
  readonly condition?: WriteCondition;
}

/** The permissions that an action, or its undo, requires: all calls that it makes. */
export interface ActionPermissions {
  readonly reads: readonly string[];
  /** The same IAM action may occur several times, each time with other resources or another condition. */
  readonly writes: readonly Write[];
}

/**
 * The IAM actions of writes, each once, in the order of the writes.
 * @example writeActions([{ action: 'kms:EnableKey', on: [{ service: 'kms', resource: 'key/*' }] }]) // ['kms:EnableKey']
 */
export function writeActions(writes: readonly Write[]): readonly IamAction[] {
  return [...new Set(writes.map(({ action }) => action))];
}

/**
 * Excludes Trailseal's own resources: CloudFormation tags them, and nobody else can set its tags.
 * Source: AWS CloudFormation User Guide, "Resource tags" (`aws:cloudformation:stack-name`).
 */
export const notOwn: WriteCondition = {
  StringNotEquals: { 'aws:ResourceTag/aws:cloudformation:stack-name': { of: 'stack-name' } },
};

/**
 * Allows only the tags that the action `tag` sets, under the policy's prefix or a longer one: not the tag that exempts,
 * which has that prefix too. Requires at least one, because `ForAllValues` is also true without tags.
 */
export const onlyPolicyTags: WriteCondition = {
  'ForAllValues:StringLike': { 'aws:TagKeys': { of: 'policy-tags' } },
  Null: { 'aws:TagKeys': 'false' },
};

/**
 * A condition that the request has this key, whatever its value.
 * @example present('aws:RequestTag/trailseal:isolation') // { Null: { 'aws:RequestTag/trailseal:isolation': 'false' } }
 */
export function present(key: string): WriteCondition {
  return { Null: { [key]: 'false' } };
}

/**
 * A condition that the request has none of these keys.
 * @example absent('ec2:Add/group') // { Null: { 'ec2:Add/group': 'true' } }
 */
export function absent(...keys: readonly string[]): WriteCondition {
  return { Null: Object.fromEntries(keys.map((key) => [key, 'true'])) };
}
