/**
 * What one event tells of a node group's instance types. They are named by the group itself or by its launch
 * template, never by both; where neither names one, EKS uses t3.medium.
 * Source: EKS API Reference, CreateNodegroup (instanceTypes), UpdateNodegroupVersion (launchTemplate).
 */
import type { TrailEvent } from '../../../control.ts';
import { at, isObject, text, texts } from '../../../json.ts';
import type { EksFacts } from '../../types/eks.ts';
import { known, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';
import { isWhole } from './cluster.ts';
import type { LaunchTemplates, Place, TemplateRef } from './launch-templates.ts';

export interface Nodegroup {
  /** The types that the group itself names: none, or not told. */
  readonly own: readonly string[] | 'untold';
  readonly template: TemplateRef | undefined;
  /** Whether EKS's default type could run the group's AMI. */
  readonly arm: boolean;
  readonly fact: EksFacts['eks.nodegroup'];
}

/** A node group of which the trail has told nothing yet. */
export const untoldNodegroup: Nodegroup = {
  own: 'untold',
  template: undefined,
  arm: false,
  fact: unknownFact(
    'not-in-trail',
    'the trail does not show the making of this node group, so its instance types are not known',
  ),
};

/** CreateNodegroup. */
export function madeNodegroup(event: TrailEvent, place: Place, templates: LaunchTemplates): Nodegroup {
  const answer = at(event.response, 'nodegroup');
  const asked = texts(event.request, 'instanceTypes');
  const types = asked.length > 0 ? asked : texts(answer, 'instanceTypes');
  const own = types.length > 0 || isWhole(event.request) ? types : 'untold';
  const template = templateIn(answer) ?? templateIn(event.request);
  const arm = /ARM/i.test(text(answer, 'amiType') ?? text(event.request, 'amiType') ?? '');
  return { own, template, arm, fact: typesOf({ own, template, arm }, event, place, templates) };
}

/** UpdateNodegroupVersion: may bring another version of the launch template; else the types stay. */
export function updatedNodegroup(
  before: Nodegroup,
  event: TrailEvent,
  place: Place,
  templates: LaunchTemplates,
): Nodegroup {
  const named = templateIn(event.request);
  if (named === undefined) return before;
  // It must be the template that the group was made with, so that either name stands for it.
  const template: TemplateRef = {
    id: named.id ?? before.template?.id,
    name: named.name ?? before.template?.name,
    version: named.version,
  };
  const after = { ...before, template };
  return { ...after, fact: typesOf(after, event, place, templates) };
}

function typesOf(
  { own, template, arm }: Omit<Nodegroup, 'fact'>,
  event: TrailEvent,
  place: Place,
  templates: LaunchTemplates,
): EksFacts['eks.nodegroup'] {
  if (own !== 'untold' && own.length > 0) {
    return known({ instanceTypes: own, namedBy: 'node group' }, sourceOf(event));
  }
  if (template !== undefined) {
    const inTemplate = templates.instanceType(place, template);
    if (!inTemplate.known) return inTemplate;
    if (inTemplate.value !== null) {
      return known({ instanceTypes: [inTemplate.value], namedBy: 'launch template' }, inTemplate.source);
    }
  }
  if (own === 'untold') return untoldNodegroup.fact;
  return arm
    ? unknownFact('not-in-trail', "nothing names an instance type, and EKS's default does not run ARM")
    : known({ instanceTypes: ['t3.medium'], namedBy: 'EKS default' }, sourceOf(event));
}

function templateIn(value: unknown): TemplateRef | undefined {
  const template = at(value, 'launchTemplate');
  if (!isObject(template) || Object.keys(template).length === 0) return undefined;
  return {
    id: text(template, 'id'),
    name: text(template, 'name'),
    version: text(template, 'version'),
  };
}
