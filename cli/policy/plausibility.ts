/**
 * What of a policy is well-formed and yet can hardly be meant: exemptions that have expired, or last too long, Regions and types
 * that do not exist, patterns that match nothing in an archive. Pure.
 */

import { isObject } from '../../lib/core/json.ts';
import { nearest } from '../../lib/core/nearest.ts';
import { matchesPattern } from '../../lib/core/pattern.ts';
import { namePartsIn } from '../../lib/core/resource-name.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { covers } from '../../lib/policy/decide/exemptions.ts';
import type { PolicyProblem } from '../../lib/policy/file/messages.ts';
import { type PolicyError, positioned } from '../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../lib/policy/file/schema.ts';
import { endOf, longestExemption, type Policy } from '../../lib/policy/model.ts';
import { isResourceType, resourceTypeOf, resourceTypes } from '../../lib/services/catalogue.ts';
import { implausibleSetting } from '../../lib/services/plausible-settings.ts';
import { knownRegions } from '../aws/regions.ts';
import { resourceNameOf } from '../output/formats/run-output.ts';

/** A problem, and whether the policy is wrong for it or only doubtful. */
export interface PolicyDoubt extends PolicyProblem {
  readonly level: 'error' | 'warning';
}

/** Doubts at their places in the text of the policy. */
export interface FoundDoubts {
  readonly errors: readonly PolicyError[];
  readonly warnings: readonly PolicyError[];
}

/** @param text of the policy that they are about. */
export function positionedDoubts(text: string, doubts: readonly PolicyDoubt[]): FoundDoubts {
  const of = (level: PolicyDoubt['level']) =>
    positioned(
      text,
      doubts.filter((doubt) => doubt.level === level),
    );
  return { errors: of('error'), warnings: of('warning') };
}

type WrittenExemption = NonNullable<PolicyFile['exemptions']>[number];

const day = 86_400_000;

/**
 * The doubts that need nothing but the policy and the date.
 * @param file without errors.
 * @example doubtsAbout(checked, new Date()).map(({ message }) => message) // ['it has expired: its last day was 2026-01-31']
 */
export function doubtsAbout(file: PolicyFile, now: Date): readonly PolicyDoubt[] {
  return [
    ...(file.exemptions ?? []).flatMap((exemption, index) => [
      ...termDoubts(exemption, index, file.exemptionMaxDays, now),
      ...(exemption.regions ?? []).flatMap((region, at) =>
        regionDoubt(region, ['exemptions', index, 'regions', at]),
      ),
      ...(exemption.resources ?? []).flatMap((pattern, at) =>
        resourceDoubts(pattern, ['exemptions', index, 'resources', at]),
      ),
    ]),
    ...Object.entries(file.controls ?? {}).flatMap(([id, entry]) =>
      settingDoubts(entry?.settings, ['controls', id, 'settings']),
    ),
  ];
}

/** @param maxDays of the policy; without it, a longer term than a year is only doubtful. */
function termDoubts(
  { expires }: WrittenExemption,
  index: number,
  maxDays: number | undefined,
  now: Date,
): readonly PolicyDoubt[] {
  const path = ['exemptions', index, 'expires'];
  const left = endOf(expires) - now.getTime();
  if (left <= 0) {
    return [
      warning(
        path,
        `it has expired: its last day was ${expires}`,
        'remove the exemption, or set a later day',
      ),
    ];
  }
  const most = maxDays ?? longestExemption;
  if (left <= (most + 1) * day) return [];
  const last = new Date(now.getTime() + most * day).toISOString().slice(0, 10);
  const message = `it holds for ${Math.floor(left / day)} days, longer than ${most} days`;
  return [
    {
      ...warning(
        path,
        maxDays === undefined ? message : `${message} (exemptionMaxDays)`,
        `set a day until ${last}, and extend it then${maxDays === undefined ? '; or set exemptionMaxDays' : ''}`,
      ),
      level: maxDays === undefined ? 'warning' : 'error',
    },
  ];
}

function regionDoubt(region: string, path: PolicyProblem['path']): readonly PolicyDoubt[] {
  return knownRegions.includes(region)
    ? []
    : [warning(path, `there is no Region ${region}`, meant(region, knownRegions))];
}

const partitions = [
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
];

/** What of a pattern is written out, and does not exist; a part with a wildcard may mean anything. */
function resourceDoubts(pattern: string, path: PolicyProblem['path']): readonly PolicyDoubt[] {
  const isWild = (part: string) => /[*?]/.test(part);
  if (!pattern.startsWith('arn:')) {
    const { type, region } = namePartsIn(pattern) ?? partsIn(pattern);
    return [
      ...(isWild(region) ? [] : regionDoubt(region, path)),
      ...(isWild(type) || isResourceType(type)
        ? []
        : [warning(path, `there is no type of resource ${type}`, meant(type, resourceTypes))]),
    ];
  }
  const [, partition = '*', service = '*', region = '*', account = '*', ...rest] = pattern.split(':');
  const forms = resourceTypes.flatMap((type) => {
    const { arn, exampleId } = resourceTypeOf(type);
    return arn === undefined ? [] : [{ service: arn.service, word: wordOf(arn.resource(exampleId)) }];
  });
  const services = [...new Set(forms.map((form) => form.service))];
  const words = [...new Set(forms.filter((form) => form.service === service).map(({ word }) => word))];
  const word = wordOf(rest.join(':'));
  const doubts: PolicyDoubt[] = [];
  if (!isWild(partition) && !partitions.includes(partition)) {
    doubts.push(warning(path, `there is no partition ${partition}`, meant(partition, partitions)));
  }
  if (!isWild(region) && region !== '') doubts.push(...regionDoubt(region, path));
  if (!isWild(account) && account !== '' && !/^\d{12}$/.test(account)) {
    doubts.push(warning(path, `${account} is no account id`, 'an account id has 12 digits'));
  }
  if (!isWild(service) && !services.includes(service)) {
    doubts.push(warning(path, `no control concerns resources of ${service}`, meant(service, services)));
  } else if (!isWild(service) && word !== undefined && !isWild(word) && !words.includes(word)) {
    doubts.push(warning(path, `no control concerns a ${word} of ${service}`, meant(word, definedOf(words))));
  }
  return doubts;
}

/** The parts of a pattern of `ACCOUNT/REGION/TYPE/ID`. */
function partsIn(pattern: string): { readonly region: string; readonly type: string } {
  const [, region = '*', type = '*'] = pattern.split('/');
  return { region, type };
}

/** The word before the id in the last part of an ARN; `undefined` where there is none. */
function wordOf(resource: string): string | undefined {
  return /^([^/:]*)[/:]/.exec(resource)?.[1];
}

function definedOf(words: readonly (string | undefined)[]): readonly string[] {
  return words.filter((word) => word !== undefined);
}

function settingDoubts(settings: unknown, path: PolicyProblem['path']): readonly PolicyDoubt[] {
  if (!isObject(settings)) return [];
  return Object.entries(settings).flatMap(([name, value]) =>
    implausibleSetting(name, value).map(({ at, message, hint }) =>
      warning([...path, name, at], message, hint),
    ),
  );
}

/**
 * The exemptions of a policy that exempt nothing in an archive, and the parts of their criteria that match nothing there.
 * @param replay of the archive, under this policy.
 */
export function unmatchedIn(file: PolicyFile, policy: Policy, replay: Replay): readonly PolicyDoubt[] {
  return (file.exemptions ?? []).flatMap((written, index) => {
    const parts = unmatchedParts(written, index, replay);
    if (parts.length > 0) return parts;
    const exemption = policy.exemptions[index];
    const isUsed =
      exemption === undefined ||
      replay.findings.some((finding) => {
        const { resource, account, region, id, control } = finding;
        const tags = replay.described.get(id)?.tags;
        return covers(exemption, control, {
          ...resource,
          account,
          region,
          ...(tags === undefined ? {} : { tags }),
        });
      });
    return isUsed
      ? []
      : [
          warning(
            ['exemptions', index],
            'it covers no finding in this archive',
            'remove it, or widen its criteria',
          ),
        ];
  });
}

function unmatchedParts(
  { controls = [], accounts = [], regions = [], resources = [] }: WrittenExemption,
  index: number,
  { findings, seen }: Replay,
): readonly PolicyDoubt[] {
  const names = findings.map(resourceNameOf);
  const parts: readonly (readonly [string, readonly string[], (value: string) => boolean])[] = [
    ['controls', controls, (id) => findings.some(({ control }) => control === id)],
    ['accounts', accounts, (account) => seen.accounts.has(account)],
    ['regions', regions, (region) => seen.regions.has(region)],
    ['resources', resources, (pattern) => names.some((name) => matchesPattern(pattern, name))],
  ];
  return parts.flatMap(([key, values, matches]) =>
    values.flatMap((value, at) =>
      matches(value)
        ? []
        : [warning(['exemptions', index, key, at], `${value} matches nothing in this archive`, undefined)],
    ),
  );
}

function warning(path: PolicyProblem['path'], message: string, hint: string | undefined): PolicyDoubt {
  return { path, atKey: false, message, hint, level: 'warning' };
}

function meant(name: string, candidates: readonly string[]): string | undefined {
  const near = nearest(name, candidates);
  return near === undefined ? undefined : `did you mean ${near}?`;
}
