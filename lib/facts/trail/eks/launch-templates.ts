/**
 * What the trail proves about the instance types in launch templates. EC2 wraps these calls:
 * `CreateLaunchTemplateRequest.LaunchTemplateData.InstanceType`, `CreateLaunchTemplateResponse.launchTemplate`.
 * Source: a real record (TrailDiscover, CreateLaunchTemplate); EC2 API Reference, CreateLaunchTemplateVersion
 * (SourceVersion), ModifyLaunchTemplate.
 */
import type { TrailEvent } from '../../../control.ts';
import { at, isObject, text } from '../../../json.ts';
import { type Fact, known, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';

/** A template as a node group names it: by id or name, and a version (a number, `$Default`, `$Latest`). */
export interface TemplateRef {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** The account and Region that a template belongs to. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

interface Template {
  readonly versions: Map<string, Fact<string | null>>;
  default: string | undefined;
  latest: string | undefined;
}

export interface LaunchTemplates {
  /** Takes in one successful EC2 event; those that are not about templates do nothing. */
  learn(event: TrailEvent): void;
  /** The instance type of that version; `null` when it names none. */
  instanceType(place: Place, ref: TemplateRef): Fact<string | null>;
}

/** Every event of EC2 that `learn` understands. */
export const templateEvents = [
  'CreateLaunchTemplate',
  'CreateLaunchTemplateVersion',
  'ModifyLaunchTemplate',
  'DeleteLaunchTemplate',
  'DeleteLaunchTemplateVersions',
] as const;

/** Starts with no template known. */
export function launchTemplates(): LaunchTemplates {
  const templates = new Map<string, Template>();

  const keys = ({ account, region }: Place, { id, name }: Pick<TemplateRef, 'id' | 'name'>): string[] => [
    ...(id === undefined ? [] : [`${account}/${region}/id/${id}`]),
    ...(name === undefined ? [] : [`${account}/${region}/name/${name}`]),
  ];

  const find = (place: Place, ref: Pick<TemplateRef, 'id' | 'name'>): Template | undefined =>
    keys(place, ref)
      .map((key) => templates.get(key))
      .find((template) => template !== undefined);

  const resolve = (template: Template, version: string | undefined): string | undefined => {
    if (version === undefined || version === '$Default') return template.default;
    return version === '$Latest' ? template.latest : version;
  };

  const learnTemplate = (event: TrailEvent, names: Pick<TemplateRef, 'id' | 'name'>): void => {
    const data = at(event.request, 'CreateLaunchTemplateRequest', 'LaunchTemplateData');
    const first = typeIn(data, event) ?? known(null, sourceOf(event));
    const versions = new Map<string, Fact<string | null>>([['1', first]]);
    const template: Template = { versions, default: '1', latest: '1' };
    for (const key of keys(event, names)) templates.set(key, template);
  };

  /** Both keys of a template hold one object, so that what is learnt under one is known under the other. */
  const share = (place: Place, names: Pick<TemplateRef, 'id' | 'name'>): Template => {
    const template = find(place, names) ?? { versions: new Map(), default: undefined, latest: undefined };
    for (const key of keys(place, names)) templates.set(key, template);
    return template;
  };

  const learnVersion = (event: TrailEvent, names: Pick<TemplateRef, 'id' | 'name'>): void => {
    const template = share(event, names);
    const request = at(event.request, 'CreateLaunchTemplateVersionRequest');
    const made = at(event.response, 'CreateLaunchTemplateVersionResponse', 'launchTemplateVersion');
    const version = text(made, 'versionNumber');
    template.latest = version;
    if (version === undefined) return;
    const answered = at(made, 'launchTemplateData');
    const data = isObject(answered) ? answered : at(request, 'LaunchTemplateData');
    const sourceVersion = isObject(answered) ? undefined : text(request, 'SourceVersion');
    const inherited =
      sourceVersion === undefined
        ? known(null, sourceOf(event))
        : (template.versions.get(resolve(template, sourceVersion) ?? '') ??
          unknownFact('not-in-trail', `the trail does not show version ${sourceVersion}, its source`));
    template.versions.set(version, typeIn(data, event) ?? inherited);
  };

  const learnDefault = (event: TrailEvent, names: Pick<TemplateRef, 'id' | 'name'>): void => {
    const template = share(event, names);
    template.default = resolve(
      template,
      text(event.response, 'ModifyLaunchTemplateResponse', 'launchTemplate', 'defaultVersionNumber') ??
        text(event.request, 'ModifyLaunchTemplateRequest', 'SetDefaultVersion') ??
        '$Default',
    );
  };

  return {
    learn(event) {
      const names = namesIn(event);
      if (event.eventName === 'CreateLaunchTemplate') learnTemplate(event, names);
      else if (event.eventName === 'CreateLaunchTemplateVersion') learnVersion(event, names);
      else if (event.eventName === 'ModifyLaunchTemplate') learnDefault(event, names);
      else if (event.eventName === 'DeleteLaunchTemplate') {
        const gone = find(event, names);
        for (const [key, template] of templates) if (template === gone) templates.delete(key);
      } else if (event.eventName === 'DeleteLaunchTemplateVersions') {
        // The latest may be among them, and which is the latest then is not told.
        const template = find(event, names);
        if (template !== undefined) template.latest = undefined;
      }
    },
    instanceType(place, ref) {
      const name = ref.id ?? ref.name ?? 'without a name';
      const template = find(place, ref);
      const version = template === undefined ? undefined : resolve(template, ref.version);
      return (
        (version === undefined ? undefined : template?.versions.get(version)) ??
        unknownFact(
          'not-in-trail',
          `the trail does not show version ${ref.version ?? '$Default'} of launch template ${name}`,
        )
      );
    },
  };
}

/** The type that the data name; `undefined` when they name none. */
function typeIn(data: unknown, event: TrailEvent): Fact<string | null> | undefined {
  if (!isObject(data)) return unknownFact('unreadable', "the trail does not show the launch template's data");
  const instanceType = text(data, 'InstanceType') ?? text(data, 'instanceType');
  if (instanceType !== undefined) return known(instanceType, sourceOf(event));
  return isObject(at(data, 'InstanceRequirements') ?? at(data, 'instanceRequirements'))
    ? unknownFact('unreadable', 'the launch template asks for instances by requirements, not by type')
    : undefined;
}

function namesIn(event: TrailEvent): Pick<TemplateRef, 'id' | 'name'> {
  const asked = at(event.request, `${event.eventName}Request`);
  const response = at(event.response, `${event.eventName}Response`);
  const answered = at(response, 'launchTemplate') ?? at(response, 'launchTemplateVersion');
  return {
    id: text(answered, 'launchTemplateId') ?? text(asked, 'LaunchTemplateId'),
    name: text(answered, 'launchTemplateName') ?? text(asked, 'LaunchTemplateName'),
  };
}
