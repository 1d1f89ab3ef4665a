/** What the trail proves about launch templates: what each version prescribes, and which is the newest. */

import { type AccountRegion, accountRegionKey } from '../../../core/account-region.ts';
import type { ArnResource, Fact, TrailEvent } from '../../../core/control.ts';
import { known, type Unknown, unknownFact } from '../../../core/facts.ts';
import { at, flag, isObject, list, member, memberText, text } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import type { TemplateInstanceType, TemplateVolume } from '../facts.ts';
import {
  launchTemplate,
  launchTemplateArn,
  launchTemplateName,
  templateAnswered,
} from '../resources/launch-templates.ts';
import { requestOf, responseOf } from '../resources/wrapped.ts';
import { instanceTypeIn, volumesIn } from './template-data.ts';

export const launchTemplateContextEvents = [
  'CreateLaunchTemplate',
  'CreateLaunchTemplateVersion',
  'ModifyLaunchTemplate',
  'DeleteLaunchTemplateVersions',
  'DeleteLaunchTemplate',
] as const;

/** A version of a template as its users name it: a number, `$Latest` or `$Default`; without one, `$Default`. */
export interface TemplateRef {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
}

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

/**
 * Opens a reader of launch templates, by ARN, and by name within an account and Region.
 * @returns a reader without events; a template without events is unknown.
 * @example openLaunchTemplates().instanceType(resource).known // false
 */
export function openLaunchTemplates() {
  const templates = new Map<string, Template>();
  const arnsByName = new Map<string, string>();

  const find = (accountRegion: AccountRegion, { id, name }: TemplateRef): Template | undefined => {
    const arn = name === undefined ? undefined : arnsByName.get(`${accountRegionKey(accountRegion)}/${name}`);
    const key = id === undefined ? arn : launchTemplateArn(accountRegion, id);
    return key === undefined ? undefined : templates.get(key);
  };

  const open = (event: TrailEvent, arn: string): Template => {
    const name = launchTemplateName(event);
    if (name !== undefined) arnsByName.set(`${accountRegionKey(event)}/${name}`, arn);
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
    const deleted = versionsDeleted(event);
    if (deleted === undefined) {
      template.newest = unknownVersion('the trail does not tell which versions of it were deleted');
      return;
    }
    for (const number of deleted) template.versions.delete(number);
    const { number } = template.newest;
    if (!number.known || !deleted.includes(number.value)) return;
    const highest = [...template.versions].sort(([one], [other]) => Number(other) - Number(one))[0];
    template.newest =
      highest?.[1] ?? unknownVersion('the newest version of this launch template was deleted');
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
            if (name !== undefined) arnsByName.delete(`${accountRegionKey(event)}/${name}`);
            templates.delete(arn);
          }
        }
      }
    },

    /** The version that a launch or a node group uses; `use` begins the reason where it is not known. */
    used(accountRegion: AccountRegion, ref: TemplateRef, use: string): Version {
      const template = find(accountRegion, ref);
      const version = ref.version ?? '$Default';
      return template === undefined
        ? unknownVersion(
            `${use} version ${version} of launch template ${ref.id ?? ref.name ?? 'without a name'}, which the ` +
              'trail does not show',
          )
        : resolve(template, version, use);
    },

    number: (resource: ArnResource): Fact<string> => newestOf(templates, resource).number,
    instanceType: (resource: ArnResource): Fact<TemplateInstanceType> =>
      newestOf(templates, resource).instanceType,
    volumes: (resource: ArnResource): Fact<readonly TemplateVolume[]> =>
      newestOf(templates, resource).volumes,
  };
}

/**
 * The launch template that a RunInstances uses.
 * @returns the template and version as the request names them; `undefined` when it uses none.
 * @example templateOfLaunch({ ...event, request: { launchTemplate: { launchTemplateId: 'lt-0123456789abcdef0' } } })?.id // 'lt-0123456789abcdef0'
 */
export function templateOfLaunch(event: TrailEvent): TemplateRef | undefined {
  const used = at(event.request, 'launchTemplate');
  const id = memberText(used, 'LaunchTemplateId');
  const name = memberText(used, 'LaunchTemplateName');
  return id === undefined && name === undefined
    ? undefined
    : { id, name, version: memberText(used, 'Version') };
}

/**
 * The numbers of the versions that DeleteLaunchTemplateVersions deleted: those in the response, because it may not
 * have deleted all, else those in the request. `undefined` where neither has any.
 */
function versionsDeleted(event: TrailEvent): readonly string[] | undefined {
  const answered = member(responseOf(event), 'SuccessfullyDeletedLaunchTemplateVersionSet');
  if (answered !== undefined) {
    return list(answered).flatMap((item) => memberText(item, 'VersionNumber') ?? []);
  }
  const named = ['LaunchTemplateVersion', 'Versions']
    .map((name) => member(requestOf(event), name))
    .find((found) => found !== undefined);
  const items = typeof named === 'object' ? list(named) : [named];
  const numbers = items.map((item) => text(item, 'content') ?? text(item) ?? '');
  return numbers.every((number) => /^\d+$/.test(number)) ? numbers : undefined;
}

function newestOf(templates: ReadonlyMap<string, Template>, resource: ArnResource): Version {
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
 * What a new version prescribes: what the response says, else the request. The response, where it holds the data,
 * holds them all, inherited members too; else what the request does not say is as in the version that it was made
 * from, if any. Source: EC2 API Reference, "CreateLaunchTemplateVersion": SourceVersion, launchTemplateVersion.
 */
function contentOf(
  event: TrailEvent,
  sourceVersion: Version | undefined,
): Pick<Version, 'instanceType' | 'volumes'> {
  const source = sourceOf(event);
  const answered = member(templateAnswered(event), 'LaunchTemplateData');
  const requested = member(requestOf(event), 'LaunchTemplateData');
  const inherited = isObject(answered) ? undefined : sourceVersion;
  // An empty element is written `""`; a version that only inherits need not give any data.
  const given = requested === '' || (requested === undefined && inherited !== undefined) ? {} : requested;
  const unreadable: Unknown | undefined =
    isObject(answered) || isObject(given)
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
