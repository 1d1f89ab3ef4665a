/** The grants that writes become in a role: their targets as ARNs, their placeholders filled in. */
import type { Control } from '../../lib/core/control.ts';
import { at } from '../../lib/core/json.ts';
import type { Placeholder, Write, WriteCondition, WriteTarget } from '../../lib/core/write.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { names as tagNames } from '../../lib/remediation/actions/tag/values.ts';
import { type Grant, ofThisRegion } from '../grants.ts';
import { endpointOf, localArn, ref, sub, type Value } from '../template.ts';
import type { Wanted } from './wanted.ts';

/** What a role may write, the grants of one resource and condition under one `sid`. */
export function writeGrants(wanted: readonly Wanted[], policy: Policy): readonly Grant[] {
  const all = wanted.flatMap((one) => [
    ...grantsOf(one.writes, one, policy, `${one.definition.id}, for`),
    ...grantsOf(one.undoes, one, policy, `undo of ${one.definition.id}, for`),
  ]);
  const sids = new Map<string, string>();
  return all.map(({ kind, ...grant }) => {
    const same = JSON.stringify([grant.resource, grant.condition]);
    const sid = sids.get(same) ?? unused(`Write${kind}`, [...sids.values()]);
    sids.set(same, sid);
    return { sid, ...grant };
  });
}

function unused(name: string, taken: readonly string[], index = 1): string {
  const sid = index === 1 ? name : `${name}${index}`;
  return taken.includes(sid) ? unused(name, taken, index + 1) : sid;
}

interface Unnamed extends Omit<Grant, 'sid'> {
  /** Of the first resource, for the name of the statement: `SecurityGroup`. */
  readonly kind: string;
}

/** Writes that differ in nothing but what they are on become one grant on all of it. */
function grantsOf(
  writes: readonly Write[],
  { controls }: Pick<Wanted, 'controls'>,
  policy: Policy,
  what: string,
): readonly Unnamed[] {
  const why = `${what} ${controls.map(({ id }) => id).join(', ')}`;
  const alike = Map.groupBy(writes, ({ action, on, condition }) =>
    JSON.stringify([action, condition, on.some((target) => 'all' in target)]),
  );
  return [...alike.values()].flatMap((group): readonly Unnamed[] => {
    const [write] = group;
    if (write === undefined) return [];
    const targets = group.flatMap(({ on }) => on);
    const condition = write.condition === undefined ? undefined : filled(write.condition, policy, controls);
    const common = {
      action: write.action,
      why,
      kind: kindOf(targets[0]),
      ...(condition === undefined ? {} : { condition }),
    };
    if (targets.some((target) => 'all' in target)) {
      const region = ofThisRegion.condition;
      return [{ ...common, ...ofThisRegion, condition: { ...condition, ...region } }];
    }
    const arns = targets.flatMap((target) => arnsOf(target, controls, policy));
    const distinct = [...new Map(arns.map((arn) => [JSON.stringify(arn), arn])).values()];
    const [first, ...others] = distinct;
    if (first === undefined) return [];
    return [{ ...common, resource: others.length === 0 ? first : distinct }];
  });
}

/** `security-group/*` as `SecurityGroup`. */
function kindOf(target: WriteTarget | undefined): string {
  if (target === undefined || 'all' in target) return 'Region';
  const [name = ''] = target.resource.split(/[/:]/);
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function arnsOf(target: WriteTarget, controls: readonly Control[], policy: Policy): readonly Value[] {
  if ('all' in target) return ['*'];
  const { service, resource } = target;
  if ('namedInSetting' in target) {
    return controls.flatMap((control) => arnNamedIn(policy, control, target.namedInSetting, target));
  }
  const { account } = target;
  if (account === undefined) return [localArn(service, resource)];
  return [
    sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:${account === 'any' ? '*' : ''}:${resource}`),
  ];
}

/** The ARN of this kind that the policy names in a control's setting; none where it names none, or leaves a choice. */
function arnNamedIn(
  policy: Policy,
  control: Control,
  setting: string,
  { service, resource }: { readonly service: string; readonly resource: string },
): readonly string[] {
  const kind = resource.replaceAll('*', String.raw`[\w-]+`);
  const arn = new RegExp(String.raw`^arn:[\w-]+:${service}:[\w-]+:\d{12}:${kind}$`);
  const name = namedIn(policy, control, setting);
  return name !== undefined && arn.test(name) ? [name] : [];
}

/** The one text in a control's setting. */
function namedIn(policy: Policy, control: Control, setting: string): string | undefined {
  const settings = control.settings.safeParse(policy.controls.get(control.id)?.settings);
  const value = settings.success ? at(settings.data, setting) : undefined;
  const [name, ...others] = [value].flat();
  return typeof name === 'string' && others.length === 0 ? name : undefined;
}

function filled(
  condition: WriteCondition,
  policy: Policy,
  controls: readonly Control[],
): NonNullable<Grant['condition']> {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      Object.fromEntries(
        Object.entries(keys).map(([key, value]) => [key, filledIn(value, policy, controls)]),
      ),
    ]),
  );
}

function filledIn(
  value: string | Placeholder | readonly string[],
  policy: Policy,
  controls: readonly Control[],
): Value {
  if (typeof value === 'string' || !('of' in value)) return value;
  switch (value.of) {
    case 'stack-name':
      return ref('AWS::StackName');
    case 'policy-tags':
      return tagNames.map((name) => `${policy.actions.tag.prefix}*${name}`);
    case 'setting':
      return controls.flatMap((control) => namedIn(policy, control, value.setting) ?? []);
    case 'endpoint':
      return endpointOf(value.service);
  }
}
