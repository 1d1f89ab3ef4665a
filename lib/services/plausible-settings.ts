/** What is implausible about settings of controls, by the setting's name: for the command alone, so that no function holds it. */
import { nearest } from '../core/nearest.ts';
import { knownInstanceTypes } from './ec2/instance-types.ts';
import { allowsType } from './settings/allowed-instance-types.ts';

export interface ImplausibleEntry {
  /** Its place in the list that the setting is. */
  readonly at: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * The entries of a setting that name nothing that exists.
 * @example implausibleSetting('allowedInstanceTypes', ['t3.mirco'])[0]?.hint // 'did you mean t3.micro?'
 */
export function implausibleSetting(name: string, value: unknown): readonly ImplausibleEntry[] {
  if (name !== 'allowedInstanceTypes' || !Array.isArray(value)) return [];
  const { types, date } = knownInstanceTypes();
  const families = [...new Set(types.map((type) => type.replace(/\..*$/, '.*')))];
  return value.flatMap((entry: unknown, at) => {
    if (typeof entry !== 'string' || types.some((type) => allowsType([entry], type))) return [];
    const near = nearest(entry, entry.endsWith('.*') ? families : types);
    return [
      {
        at,
        message: `no instance type of ${date} is ${entry}`,
        hint: near === undefined ? undefined : `did you mean ${near}?`,
      },
    ];
  });
}
