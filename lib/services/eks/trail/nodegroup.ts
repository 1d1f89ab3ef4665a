/**
 * What one event says about a node group's instance types. The group itself or its launch template names them, never
 * both; where neither does, EKS uses t3.medium.
 * Source: EKS API Reference, CreateNodegroup (instanceTypes), UpdateNodegroupVersion (launchTemplate).
 */

import type { AccountRegion } from '../../../core/account-region.ts';
import type { TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { at, isObject, text, texts } from '../../../core/json.ts';
import { type AskTrail, sourceOf } from '../../../core/trail-facts.ts';
import type { EksFacts } from '../facts.ts';
import { isWhole } from '../update.ts';

/** The launch template as events name it. */
interface TemplateOfGroup {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
}

export interface Nodegroup {
  /** The types that the group itself names: `[]` for none, `unknown` where no event says it. */
  readonly own: readonly string[] | 'unknown';
  readonly template: TemplateOfGroup | undefined;
  /** The types that EKS uses where nothing names one: as in its response, else as documented. */
  readonly byDefault: readonly string[];
  readonly fact: EksFacts['eks.nodegroup'];
}

/** A node group of which no event is known yet. */
export const unknownNodegroup: Nodegroup = {
  own: 'unknown',
  template: undefined,
  byDefault: [],
  fact: unknownFact(
    'not-in-trail',
    'the trail does not show the making of this node group, so its instance types are not known',
  ),
};

/**
 * CreateNodegroup: the instance types of a new node group.
 * @param ask reads EC2's facts about launch templates.
 * @example madeNodegroup({ ...event, request: { instanceTypes: ['m6i.large'] } }, event, ask).own // ['m6i.large']
 */
export function madeNodegroup(event: TrailEvent, accountRegion: AccountRegion, ask: AskTrail): Nodegroup {
  const answer = at(event.response, 'nodegroup');
  const whole = isWhole(event.request);
  const answered = texts(answer, 'instanceTypes');
  const asked = whole ? texts(event.request, 'instanceTypes') : answered;
  const own: Nodegroup['own'] = asked.length > 0 || whole ? asked : 'unknown';
  const template = templateIn(answer) ?? templateIn(event.request);
  const arm = /ARM/i.test(text(answer, 'amiType') ?? text(event.request, 'amiType') ?? '');
  const byDefault = answered.length > 0 ? answered : arm ? [] : ['t3.medium'];
  const made = { own, template, byDefault };
  const fact = typesOf(made, event, accountRegion, ask);
  if (fact.known || answered.length === 0) return { ...made, fact };
  // The types in EKS's response are the group's, even where the trail does not show its template.
  return { ...made, fact: known({ instanceTypes: answered, namedBy: 'node group' }, sourceOf(event)) };
}

/**
 * UpdateNodegroupVersion: it may use another version of the launch template; otherwise the types stay the same.
 * @param before the node group before the event.
 * @param ask reads EC2's facts about launch templates.
 * @example updatedNodegroup(before, { ...event, request: {} }, event, ask) // before
 */
export function updatedNodegroup(
  before: Nodegroup,
  event: TrailEvent,
  accountRegion: AccountRegion,
  ask: AskTrail,
): Nodegroup {
  const named = templateIn(event.request);
  if (named === undefined) return before;
  // EKS requires the template that the group was created with, so that id and name may come from before.
  const template: TemplateOfGroup = {
    id: named.id ?? before.template?.id,
    name: named.name ?? before.template?.name,
    version: named.version,
  };
  const after = { ...before, template };
  return { ...after, fact: typesOf(after, event, accountRegion, ask) };
}

function typesOf(
  { own, template, byDefault }: Omit<Nodegroup, 'fact'>,
  event: TrailEvent,
  accountRegion: AccountRegion,
  ask: AskTrail,
): EksFacts['eks.nodegroup'] {
  if (own !== 'unknown' && own.length > 0) {
    return known({ instanceTypes: own, namedBy: 'node group' }, sourceOf(event));
  }
  if (template !== undefined) {
    const inTemplate = ask('ec2.launchTemplateInstanceType', accountRegion, {
      ...template,
      usedBy: 'the node group',
    });
    if (!inTemplate.known) return inTemplate;
    const { instanceType, byRequirements } = inTemplate.value;
    if (byRequirements) {
      return unknownFact('unreadable', 'the launch template asks for instances by requirements, not by type');
    }
    if (instanceType !== undefined) {
      return known({ instanceTypes: [instanceType], namedBy: 'launch template' }, inTemplate.source);
    }
  }
  if (own === 'unknown') return unknownNodegroup.fact;
  return byDefault.length === 0
    ? unknownFact('not-in-trail', "nothing names an instance type, and EKS's default does not run ARM")
    : known({ instanceTypes: byDefault, namedBy: 'EKS default' }, sourceOf(event));
}

function templateIn(value: unknown): TemplateOfGroup | undefined {
  const template = at(value, 'launchTemplate');
  if (!isObject(template) || Object.keys(template).length === 0) return undefined;
  return {
    id: text(template, 'id'),
    name: text(template, 'name'),
    version: text(template, 'version'),
  };
}
