/** What the trail proves about launch templates: what each version prescribes, and which is the newest. */
import type { Fact, Resource, TrailEvent } from '../../../control.ts';
import { at, flag, isObject, list, text } from '../../../json.ts';
import {
  launchTemplate,
  launchTemplateArn,
  launchTemplateName,
  templateAnswered,
} from '../../../trail/resources/ec2/launch-templates.ts';
import { member, memberText, requestOf } from '../../../trail/resources/ec2/wrapped.ts';
import type { TemplateInstanceType, TemplateVolume } from '../../types/ec2.ts';
import { known, type Unknown, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';
import { placeOf } from './place.ts';
import { instanceTypeIn, volumesIn } from './template-data.ts';

export const launchTemplateLessons = [
  'CreateLaunchTemplate',
  'CreateLaunchTemplateVersion',
  'ModifyLaunchTemplate',
  'DeleteLaunchTemplateVersions',
  'DeleteLaunchTemplate',
] as const;

/** What one version prescribes. Versions never change. */
interface Version {
  readonly number: Fact<string>;
  readonly instanceType: Fact<TemplateInstanceType>;
  readonly volumes: Fact<readonly TemplateVolume[]>;
}

interface Template {
  readonly versions: Map<string, Version>;
  newest: Version;
  /** The number of the default version, where it is known. */
  defaultVersion: string | undefined;
}

export type LaunchTemplates = ReturnType<typeof openLaunchTemplates>;

/** Launch templates by ARN, and their names by account and Region. */
export function openLaunchTemplates() {
  const templates = new Map<string, Template>();
  const arnsByName = new Map<string, string>();

  const find = (place: TrailEvent, id: string | undefined, name: string | undefined) => {
    const arn = name === undefined ? undefined : arnsByName.get(`${placeOf(place)}/${name}`);
    const key = id === undefined ? arn : launchTemplateArn(place, id);
    return key === undefined ? undefined : templates.get(key);
  };

  const open = (event: TrailEvent, arn: string): Template => {
    const name = launchTemplateName(event);
    if (name !== undefined) arnsByName.set(`${placeOf(event)}/${name}`, arn);
    const template = templates.get(arn) ?? {
      versions: new Map<string, Version>(),
      newest: unknownVersion('the trail does not show the newest version of this launch template'),
      defaultVersion: undefined,
    };
    templates.set(arn, template);
    return template;
  };

  const add = (event: TrailEvent, template: Template, number: string | undefined): void => {
    const source = sourceOf(event);
    const sourceVersion = memberText(requestOf(event), 'SourceVersion');
    const inherited =
      sourceVersion === undefined ? undefined : resolve(template, sourceVersion, 'inherited from');
    const version: Version = {
      number:
        number === undefined
          ? unknownFact('unreadable', 'the event does not tell the number of the version')
          : known(number, source),
      ...contentOf(event, inherited),
    };
    template.newest = version;
    if (number !== undefined) template.versions.set(number, version);
  };

  const deleteVersions = (event: TrailEvent, template: Template): void => {
    for (const name of ['LaunchTemplateVersion', 'Versions']) {
      const named = member(requestOf(event), name);
      for (const item of typeof named === 'string' ? [named] : list(named)) {
        const number = text(item, 'content') ?? text(item);
        if (number === undefined) continue;
        template.versions.delete(number);
        if (template.newest.number.known && template.newest.number.value === number) {
          template.newest = unknownVersion('the newest version of this launch template was deleted');
        }
      }
    }
  };

  return {
    learn(event: TrailEvent): void {
      for (const { arn } of launchTemplate(event)) {
        switch (event.eventName) {
          case 'CreateLaunchTemplate': {
            const template = open(event, arn);
            template.defaultVersion = '1';
            add(event, template, '1');
            break;
          }
          case 'CreateLaunchTemplateVersion': {
            const answered = templateAnswered(event);
            const number = memberText(answered, 'VersionNumber');
            const template = open(event, arn);
            add(event, template, number);
            if (flag(member(answered, 'DefaultVersion')) === true) template.defaultVersion = number;
            break;
          }
          case 'ModifyLaunchTemplate':
            open(event, arn).defaultVersion =
              memberText(templateAnswered(event), 'DefaultVersionNumber') ??
              memberText(requestOf(event), 'SetDefaultVersion') ??
              memberText(requestOf(event), 'DefaultVersion');
            break;
          case 'DeleteLaunchTemplateVersions':
            deleteVersions(event, open(event, arn));
            break;
          case 'DeleteLaunchTemplate': {
            const name = launchTemplateName(event);
            if (name !== undefined) arnsByName.delete(`${placeOf(event)}/${name}`);
            templates.delete(arn);
          }
        }
      }
    },

    /** The volumes that the template of a RunInstances prescribes; `undefined` when it uses none. */
    usedBy(event: TrailEvent): Fact<readonly TemplateVolume[]> | undefined {
      const used = at(event.request, 'launchTemplate');
      const id = memberText(used, 'LaunchTemplateId');
      const name = memberText(used, 'LaunchTemplateName');
      if (id === undefined && name === undefined) return undefined;
      const version = memberText(used, 'Version') ?? '$Default';
      const template = find(event, id, name);
      return template === undefined
        ? unknownFact(
            'not-in-trail',
            `the launch used version ${version} of launch template ${id ?? name}, which the trail does not show`,
          )
        : resolve(template, version, 'the launch used').volumes;
    },

    number: (resource: Resource): Fact<string> => newestOf(templates, resource).number,
    instanceType: (resource: Resource): Fact<TemplateInstanceType> =>
      newestOf(templates, resource).instanceType,
    volumes: (resource: Resource): Fact<readonly TemplateVolume[]> => newestOf(templates, resource).volumes,
  };
}

function newestOf(templates: ReadonlyMap<string, Template>, resource: Resource): Version {
  return (
    templates.get(resource.arn)?.newest ?? unknownVersion('the trail does not show this launch template')
  );
}

/** The version with a number, or `$Latest`, or `$Default`. `use` begins the reason where it is not known. */
function resolve(template: Template, version: string, use: string): Version {
  if (version === '$Latest') return template.newest;
  const number = version === '$Default' ? template.defaultVersion : version;
  const found = number === undefined ? undefined : template.versions.get(number);
  return (
    found ?? unknownVersion(`${use} version ${version} of the launch template, which the trail does not show`)
  );
}

function unknownVersion(detail: string): Version {
  const fact = unknownFact('not-in-trail', detail);
  return { number: fact, instanceType: fact, volumes: fact };
}

/**
 * What a new version prescribes: what the response says, else the request; what neither says is as in the
 * version that it was made from, if any. Source: EC2 API Reference, "CreateLaunchTemplateVersion": SourceVersion.
 */
function contentOf(
  event: TrailEvent,
  inherited: Version | undefined,
): Pick<Version, 'instanceType' | 'volumes'> {
  const source = sourceOf(event);
  const answered = member(templateAnswered(event), 'LaunchTemplateData');
  const requested = member(requestOf(event), 'LaunchTemplateData');
  // An empty element is written `""`; a version that only inherits need not give any data.
  const given = requested === '' || (requested === undefined && inherited !== undefined) ? {} : requested;
  const unreadable: Unknown | undefined = isObject(given)
    ? undefined
    : unknownFact('unreadable', 'the event does not tell what the launch template holds');
  const volumes = volumesIn(answered) ?? volumesIn(given);
  const instanceType = instanceTypeIn(answered) ?? instanceTypeIn(given);
  return {
    volumes:
      volumes === 'unreadable'
        ? unknownFact('unreadable', 'the event tells of volumes, but not readably whether they are encrypted')
        : volumes !== undefined
          ? known(volumes, source)
          : (unreadable ?? inherited?.volumes ?? known([], source)),
    instanceType:
      instanceType !== undefined
        ? known(instanceType, source)
        : (unreadable ?? inherited?.instanceType ?? known({ byRequirements: false }, source)),
  };
}
