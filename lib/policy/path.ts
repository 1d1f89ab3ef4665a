/** Where something stands in a policy, whatever it was read from. */

/** The keys and indexes from the root to a value. */
export type Path = readonly (string | number)[];

/** A path as people write it: `exemptions[0].accounts`, `controls["odd key"].enabled`; empty for the whole file. */
export function showPath(path: Path): string {
  let shown = '';
  for (const step of path) {
    if (typeof step === 'number') shown += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) shown += shown === '' ? step : `.${step}`;
    else shown += `[${JSON.stringify(step)}]`;
  }
  return shown;
}
