/**
 * Compares an override with the deployed policy, in effect: what a file leaves out counts as its default. An override never
 * widens, in either of two ways:
 * - It can't make Trailseal see less: controls stay enabled and keep their severity, notifications and requirements, and
 *   nothing more is exempt.
 * - It can't let Trailseal do more: no further actions, no higher limits, no shorter grace periods, and nothing that the
 *   deployed policy protects or exempts is acted on.
 * A stricter requirement makes more resources fail. Where actions follow from that, more would be done than the deployed
 * policy allows, so that requirements, severity and exemptions of a control that acts stay as they are; a control that only
 * reports may require more.
 */
import { definedActionSettings } from '../core/action-settings.ts';
import { type Action, type Control, type Severity, severities } from '../core/control.ts';
import { at } from '../core/json.ts';
import {
  each,
  fewer,
  higher,
  lower,
  moreTags,
  type Narrowing,
  orOneOf,
  unchanged,
  type Widening,
  widenedKeys,
} from '../core/narrowing.ts';
import { includesPattern } from '../core/pattern.ts';
import { requestable } from './custom-actions.ts';
import { durationText } from './duration.ts';
import { pathOfAction } from './file/check.ts';
import type { KeyPath } from './file/located.ts';
import type { PolicyProblem } from './file/messages.ts';
import type { PolicyFile } from './file/schema.ts';
import {
  type ActionKind,
  type ControlPolicy,
  type DelayedActionKind,
  type Exemption,
  type Guardrails,
  kindOf,
  type Policy,
  type RateLimits,
  type ReversalResponse,
  type WhenReverted,
} from './model.ts';

const narrowerLimits = {
  perAccount: lower(),
  perActor: lower(),
  total: lower(),
  // Of two shares neither does less: the smaller one leaves more to all findings, the larger one more to CRITICAL ones.
  reservedForCritical: unchanged<number>(),
};
const limits = each<RateLimits>(narrowerLimits);

// To leave what was reverted would notify nobody.
const lessOften = orOneOf<ReversalResponse>('notify');

/** How an override may change the guardrails. */
export const guardrailNarrowing: Narrowing<Guardrails> = each<Guardrails>({
  actionsPerHour: each<Record<ActionKind, RateLimits>>({ tag: limits, quarantine: limits, fix: limits }),
  protectedTags: moreTags(),
  gracePeriod: each<Record<DelayedActionKind, number>>({
    fix: higher(durationText),
    quarantine: higher(durationText),
  }),
  whenReverted: each<WhenReverted>({
    tag: lessOften,
    fix: lessOften,
    quarantine: lessOften,
    maxRepeats: lower(),
  }),
});

/** The narrowing of the settings of all actions that these controls have. */
function settingsOfActions(controls: readonly Control[]): Narrowing<object> {
  const parts = [...definedActionSettings(controls)].map(([action, { narrowing }]) => [action, narrowing]);
  return each<Record<string, unknown>>(Object.fromEntries(parts));
}

const sameRoutes = each<{ readonly routes: Policy['notifications'] }>({ routes: unchanged() });
const fewerAccounts = fewer<string>();
const fewerActions = fewer<Action>();

/** Both policies, and what is needed to name the faults of the override. */
interface Sides {
  readonly override: Policy;
  readonly deployed: Policy;
  /** The override as it is written. */
  readonly written: PolicyFile;
  readonly controls: readonly Control[];
}

/** How one key of the policy may differ. */
interface KeyRule {
  /** What an override may do with it, after "may". */
  readonly may: string;
  /** The narrowing of each key below it, where there are several. */
  readonly parts?: (controls: readonly Control[]) => Narrowing<unknown>['parts'];
  readonly wider: (sides: Sides) => readonly PolicyProblem[];
}

/** A key of the policy without a rule does not compile. */
const rules: { readonly [Key in Exclude<keyof Policy, 'file'>]: KeyRule } = {
  allowedAccounts: {
    may: fewerAccounts.may,
    wider: ({ override, deployed, written }) =>
      problems(
        ['allowedAccounts'],
        fewerAccounts.widenings(override.allowedAccounts, deployed.allowedAccounts),
        written,
      ),
  },
  controls: {
    may: 'change each as it says',
    wider: (sides) => sides.controls.flatMap((control) => ofControl(control, sides)),
  },
  exemptions: {
    may: 'remove and narrow those of controls that only report; those of controls that act stay',
    wider: (sides) => [...addedExemptions(sides), ...missingExemptions(sides)],
  },
  exemptionTags: {
    may: 'remove controls that only report, and lower `maxDays` where all of its controls only report',
    wider: ofExemptionTags,
  },
  actions: {
    may: 'change each key as it says',
    parts: (controls) => settingsOfActions(controls).parts,
    wider: ({ override, deployed, written, controls }) =>
      problems(
        ['actions'],
        settingsOfActions(controls).widenings(override.actions, deployed.actions),
        written,
      ),
  },
  broadPermissions: {
    may: fewerActions.may,
    wider: ({ override, deployed, written }) =>
      problems(
        ['actions', 'broadPermissions'],
        fewerActions.widenings(override.broadPermissions, deployed.broadPermissions),
        written,
      ),
  },
  customActions: {
    may: 'remove entries; `exempt` only where every control only reports',
    wider: ofCustomActions,
  },
  notifications: {
    // Other routes would leave out somebody whom the deployed policy notifies, or notify somebody it does not.
    may: sameRoutes.may,
    parts: () => sameRoutes.parts,
    wider: ({ override, deployed, written }) =>
      problems(
        ['notifications'],
        sameRoutes.widenings({ routes: override.notifications }, { routes: deployed.notifications }),
        written,
      ),
  },
  guardrails: {
    may: guardrailNarrowing.may,
    parts: () => guardrailNarrowing.parts,
    wider: ({ override, deployed, written }) =>
      problems(
        ['guardrails'],
        guardrailNarrowing.widenings(override.guardrails, deployed.guardrails),
        written,
      ),
  },
};

/**
 * Where an override is wider than the deployed policy.
 * @param sides both policies in effect, for the same controls.
 * @returns a problem for each place; none for an override that may be used.
 */
export function widerThanDeployed(sides: Sides): readonly PolicyProblem[] {
  const found = Object.values(rules).flatMap(({ wider }) => wider(sides));
  // A list that applies to several controls is wrong once.
  const one = new Map(found.map((fault) => [JSON.stringify([fault.path, fault.message]), fault] as const));
  return [...one.values()];
}

/** A row of the documentation: what an override may do with a key. */
export interface NarrowingRow {
  /** As in the policy file: `guardrails.gracePeriod.fix`. */
  readonly key: string;
  readonly may: string;
}

/** Keys that say what is accepted of a policy file, and nothing of what is done: a deployment does not read them. */
const ofTheFile: readonly NarrowingRow[] = [
  {
    key: 'exemptionMaxDays',
    may: 'set it as it likes: `validate` and `push` read it, and nothing that is deployed does',
  },
];

/** What an override may do with every key of the policy for these controls, the controls' own settings apart. */
export function policyNarrowings(controls: readonly Control[]): readonly NarrowingRow[] {
  return [...ofTheFile, ...ofThePolicy(controls)];
}

function ofThePolicy(controls: readonly Control[]): readonly NarrowingRow[] {
  return Object.entries(rules).flatMap(([key, { may, parts }]) => {
    if (key === 'customActions') return [{ key: 'operators.customActions', may }];
    if (key === 'broadPermissions') return [{ key: 'actions.broadPermissions', may }];
    if (key !== 'controls') return rowsOf(key, { may, parts: parts?.(controls) });
    return Object.entries(controlRules).map(([name, rule]) => ({
      key: `controls.<id>.${name}`,
      may: rule.may,
    }));
  });
}

function rowsOf(
  key: string,
  { may, parts }: { readonly may: string; readonly parts?: Narrowing<unknown>['parts'] | undefined },
): readonly NarrowingRow[] {
  if (parts === undefined) return [{ key, may }];
  return Object.entries(parts).flatMap(([name, part]) => rowsOf(`${key}.${name}`, part));
}

interface ControlSides {
  readonly control: Control;
  readonly override: ControlPolicy;
  readonly deployed: ControlPolicy;
  readonly written: PolicyFile;
  /** Why the override lets something be done when the control fails, as a clause; `undefined` where it only reports. */
  readonly acts: string | undefined;
}

/** A key of a control without a rule does not compile. */
const controlRules: {
  readonly [Key in keyof ControlPolicy]: {
    readonly may: string;
    readonly wider: (sides: ControlSides) => readonly PolicyProblem[];
  };
} = {
  enabled: {
    may: 'not change it: a disabled control sees nothing, and a control that the deployed policy disables has no permissions',
    // Another value ends the comparison of the control.
    wider: () => [],
  },
  severity: {
    may: 'raise it where the control only reports',
    wider({ control, override, deployed, written, acts }) {
      const allowed = acts === undefined ? atLeast(deployed.severity) : [deployed.severity];
      if (allowed.includes(override.severity)) return [];
      const widening = {
        path: [],
        must: `be ${allowed.join(' or ')}${because(acts)}`,
        found: override.severity,
      };
      return problems(['controls', control.id, 'severity'], [widening], written);
    },
  },
  settings: {
    may: 'make them stricter where the control only reports',
    wider({ control, override, deployed, written, acts }) {
      const [own, theirs] = [override.settings, deployed.settings];
      if (typeof own !== 'object' || own === null || typeof theirs !== 'object' || theirs === null) return [];
      const looser = widenedKeys(control.narrowing, own, theirs);
      const stricter =
        acts === undefined
          ? []
          : widenedKeys(control.narrowing, theirs, own)
              .map(({ path: [key = ''] }) => key)
              .filter((key) => !looser.some(({ path }) => path[0] === key));
      const changed = [...new Set(stricter)].map((key) => ({
        path: [key],
        must: `be ${JSON.stringify(Reflect.get(theirs, key))}${because(acts)}`,
        found: JSON.stringify(Reflect.get(own, key)),
      }));
      return problems(['controls', control.id, 'settings'], [...looser, ...changed], written);
    },
  },
  actions: {
    may: 'remove all but `notify`',
    wider: ({ control, override, deployed, written }) => [
      ...override.actions
        .filter((action) => !deployed.actions.includes(action))
        .map((action) =>
          problem(
            pathOfAction(written, control.id, action),
            `lists ${action} for ${control.id}, which the deployed policy does not`,
          ),
        ),
      ...(deployed.actions.includes('notify') && !override.actions.includes('notify')
        ? problems(
            ['controls', control.id, 'actions'],
            [{ path: [], must: 'contain "notify"', found: JSON.stringify(override.actions) }],
            written,
          )
        : []),
    ],
  },
};

function ofControl(control: Control, { override: wanted, deployed: bundled, written }: Sides) {
  const override = wanted.controls.get(control.id);
  const deployed = bundled.controls.get(control.id);
  // A control that does not accept its settings is a problem already.
  if (override === undefined || deployed === undefined) return [];
  if (override.enabled !== deployed.enabled) {
    const what = override.enabled
      ? `enables ${control.id}, which the deployed policy does not`
      : `disables ${control.id}, which the deployed policy enables`;
    return [problem(pathOfEnabled(written, control.id), what)];
  }
  if (!override.enabled) return [];
  const acts = whyActs(control, wanted);
  return Object.values(controlRules).flatMap(({ wider }) =>
    wider({ control, override, deployed, written, acts }),
  );
}

function atLeast(severity: Severity): readonly Severity[] {
  return severities.slice(severities.indexOf(severity));
}

function because(acts: string | undefined): string {
  return acts === undefined ? '' : `, because ${acts}`;
}

/** Why something may be done when a control fails, as a clause; `undefined` where the control is disabled or only reports. */
function whyActs(control: Control, { controls, customActions }: Policy): string | undefined {
  const { enabled = false, actions = [] } = controls.get(control.id) ?? {};
  if (!enabled) return undefined;
  const listed = actions.find((action) => kindOf(action) !== undefined);
  if (listed !== undefined) return `the override lists ${listed} for ${control.id}`;
  const requested = requestable(control).find((action) => customActions.includes(action));
  return requested === undefined
    ? undefined
    : `the override lets operators request ${requested} for ${control.id}`;
}

/** How much an exemption exempts: whether one criterion of `wide` lets in all that the same one of `narrow` does. */
const exemptionCovers: {
  readonly [Key in keyof Exemption]: (wide: Exemption[Key], narrow: Exemption[Key]) => boolean;
} = {
  controls: listCovers,
  accounts: listCovers,
  regions: listCovers,
  resources: (wide, narrow) =>
    wide === undefined ||
    (narrow?.every((pattern) => wide.some((wider) => includesPattern(wider, pattern))) ?? false),
  tags: (wide, narrow) =>
    wide === undefined ||
    [...wide].every(([tag, pattern]) => {
      const own = narrow?.get(tag);
      return own !== undefined && includesPattern(pattern, own);
    }),
  reason: (wide, narrow) => wide === narrow,
  owner: (wide, narrow) => wide === narrow,
  // Dates as YYYY-MM-DD are in the order of their text.
  expires: (wide, narrow) => narrow <= wide,
};

function listCovers(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  return wide === undefined || (narrow?.every((entry) => wide.includes(entry)) ?? false);
}

function covers(wide: Exemption, narrow: Exemption): boolean {
  const covered = <Key extends keyof Exemption>(key: Key) => exemptionCovers[key](wide[key], narrow[key]);
  return (Object.keys(exemptionCovers) as (keyof Exemption)[]).every(covered);
}

function addedExemptions({ override, deployed, written }: Sides): readonly PolicyProblem[] {
  return override.exemptions.flatMap((exemption, index) =>
    deployed.exemptions.some((wide) => covers(wide, exemption))
      ? []
      : problems(
          ['exemptions', index],
          [
            {
              path: [],
              must: 'be covered by one exemption (criteria, last day, reason and owner)',
              found: exemptionText(exemption),
            },
          ],
          written,
        ),
  );
}

/** What the deployed policy exempts from a control that acts stays exempt: else more would be acted on. */
function missingExemptions({ override, deployed, written, controls }: Sides): readonly PolicyProblem[] {
  return controls.flatMap((control) => {
    const acts = whyActs(control, override);
    if (acts === undefined) return [];
    const concerns = ({ controls: ids }: Exemption) => ids?.includes(control.id) !== false;
    const narrowed = (exemption: Exemption) => ({ ...exemption, controls: [control.id] });
    const kept = override.exemptions.filter(concerns).map(narrowed);
    return deployed.exemptions
      .filter((exemption) => concerns(exemption) && !kept.some((own) => covers(own, narrowed(exemption))))
      .flatMap((exemption) => {
        const must = `contain ${exemptionText(exemption)}${because(acts)}`;
        return problems(['exemptions'], [{ path: [], must, found: 'none that covers it' }], written);
      });
  });
}

function exemptionText({ tags, ...exemption }: Exemption): string {
  return JSON.stringify({ ...exemption, ...(tags === undefined ? {} : { tags: Object.fromEntries(tags) }) });
}

/** For how many days a tag may exempt from a control; 0 where none may. */
function daysByTag({ exemptionTags }: Policy, id: string): number {
  if (exemptionTags === undefined) return 0;
  const { controls, maxDays } = exemptionTags;
  return controls === 'all' || controls.includes(id) ? maxDays : 0;
}

function ofExemptionTags({ override, deployed, written, controls }: Sides): readonly PolicyProblem[] {
  const days = controls.flatMap((control) => {
    const [own, theirs] = [daysByTag(override, control.id), daysByTag(deployed, control.id)];
    const acts = whyActs(control, override);
    if (own === theirs || (own < theirs && acts === undefined)) return [];
    const key = own > 0 && theirs > 0 ? ['maxDays'] : ['controls'];
    const must =
      theirs === 0
        ? `not exempt from ${control.id} by a tag`
        : `exempt from ${control.id} for ${acts === undefined ? 'at most ' : ''}${theirs} days${because(acts)}`;
    const found = own === 0 ? `none for ${control.id}` : `${own} days`;
    return problems(['exemptionTags'], [{ path: key, must, found }], written);
  });
  const [own, theirs] = [override.actions.tag.prefix, deployed.actions.tag.prefix];
  // The prefix is that of the tag that exempts, too: under another one, other resources are exempt.
  if (override.exemptionTags === undefined || own === theirs) return days;
  const must = `be ${JSON.stringify(theirs)}, because exemptionTags use it`;
  const widening = { path: ['prefix'], must, found: JSON.stringify(own) };
  return [...days, ...problems(['actions', 'tag'], [widening], written)];
}

function ofCustomActions({ override, deployed, written, controls }: Sides): readonly PolicyProblem[] {
  const path = ['operators', 'customActions'];
  const added = override.customActions
    .filter((allowed) => !deployed.customActions.includes(allowed))
    .map((allowed) =>
      problem(
        [...path, written.operators?.customActions.indexOf(allowed) ?? 0],
        `lists the custom action ${allowed}, which the deployed policy does not`,
      ),
    );
  // Without it, the exemptions that operators gave no longer count.
  const lost = deployed.customActions.includes('exempt') && !override.customActions.includes('exempt');
  const acting = controls.flatMap((control) => whyActs(control, override) ?? []);
  const [first] = acting;
  if (!lost || first === undefined) return added;
  const must = `contain "exempt"${because(first)}`;
  const missing = [{ path: [], must, found: JSON.stringify(override.customActions) }];
  return [...added, ...problems(path, missing, written)];
}

/** The widenings of a value as problems of the override, each at the path where the override sets it. */
function problems(
  path: KeyPath,
  widenings: readonly Widening[],
  written: PolicyFile,
): readonly PolicyProblem[] {
  return widenings.map((widening) => {
    const full = [...path, ...widening.path];
    const set = placesOf(full).find((place) => at(written, ...place) !== undefined);
    const found = set === undefined ? `${widening.found}, as nothing is set` : widening.found;
    return problem(set ?? full, `must ${widening.must}, as in the deployed policy; found ${found}`);
  });
}

/** Where a policy file may set a value, most specific first. */
function placesOf(path: KeyPath): readonly KeyPath[] {
  const [first, second, third, fourth, ...rest] = path;
  if (first === 'guardrails' && second === 'actionsPerHour' && fourth !== undefined) {
    return [path, [first, second, fourth]];
  }
  if (first === 'controls' && (third === 'enabled' || third === 'actions'))
    return [path, ['defaults', third]];
  if (first === 'controls' && fourth === 'allowedAccounts') return [path, ['allowedAccounts', ...rest]];
  return [path];
}

function problem(path: KeyPath, message: string): PolicyProblem {
  return { path, atKey: false, message, hint: 'an override only narrows; deploy the policy instead' };
}

/** Where the override enables or disables a control: under the control, else under the defaults; empty where by neither. */
function pathOfEnabled({ controls, defaults }: PolicyFile, id: string): KeyPath {
  if (controls?.[id]?.enabled !== undefined) return ['controls', id, 'enabled'];
  return defaults?.enabled === undefined ? [] : ['defaults', 'enabled'];
}
