/**
 * Evaluation: one call reads the facts of all resources and controls, then each control evaluates its own resources.
 */
import type { Evaluation, Facts } from '../core/control.ts';
import type { FactProvider, LiveFactProvider } from '../core/fact-provider.ts';
import type { Unknown } from '../core/facts.ts';
import type { Concern } from './match.ts';

export interface Evaluated extends Concern {
  readonly evaluation: Evaluation;
  /** The facts that the evaluation is based on, by name. */
  readonly facts: Partial<Facts>;
  /** Why the tags are not known, where they were read; see `withTags`. */
  readonly tagsUnknown?: Unknown;
}

/** The parsed settings of a control, as the policy has them. */
type SettingsOf = (controlId: string) => unknown;

/**
 * Evaluates resources by their controls.
 * @param concerns pairs of a control and a resource.
 * @param provider reads the facts that the controls declare.
 * @param settingsOf a control's settings in the policy.
 * @returns an evaluation for each concern, in the order given.
 * @throws TypeError when the provider does not answer for a fact.
 * @example
 * const evaluated = await evaluate(matcher.match(event).triggered, facts, (id) => policy.controls.get(id)?.settings);
 */
export async function evaluate(
  concerns: readonly Concern[],
  provider: FactProvider,
  settingsOf: SettingsOf,
): Promise<readonly Evaluated[]> {
  const gathered = await provider.gather(
    concerns.map(({ control, resource }) => ({ resource, facts: control.facts })),
  );
  return concerns.map((concern, index) => ({
    ...concern,
    ...evaluateBy(concern, gathered[index] ?? {}, settingsOf),
  }));
}

export interface LiveConcern extends Concern {
  /** Whether the resource may be deleted by now: then its absence is an answer, and is not retried. */
  readonly mayBeDeleted?: boolean;
}

/**
 * Evaluates resources as they are now, by their own ids. See `LiveFactProvider` for how one concern may give several
 * evaluations; its facts say whether a resource was deleted or is not ready, so that its verdict does not count
 * (`core/absence.ts`).
 * @returns the evaluations for each concern, in the order given. Of one control and one resource there is one
 *   evaluation, and one object, however many concerns it answers.
 * @example
 * const [[evaluated] = []] = await evaluateLive([{ control, resource }], awsFacts, settingsOf);
 */
export async function evaluateLive(
  concerns: readonly LiveConcern[],
  provider: LiveFactProvider,
  settingsOf: SettingsOf,
): Promise<readonly (readonly Evaluated[])[]> {
  const current = await provider.readCurrent(
    concerns.map(({ control, resource, mayBeDeleted = false }) => ({
      resource,
      facts: control.facts,
      mayBeDeleted,
    })),
  );
  const all = new Map<string, Evaluated>();
  return concerns.map(({ control }, index) =>
    (current[index] ?? []).map(({ resource, facts }) => {
      const { account, region, type, id } = resource;
      const key = `${control.id} ${account} ${region} ${type} ${id}`;
      const evaluated = all.get(key) ?? {
        control,
        resource,
        ...evaluateBy({ control, resource }, facts, settingsOf),
      };
      all.set(key, evaluated);
      return evaluated;
    }),
  );
}

function evaluateBy(
  { control, resource }: Concern,
  facts: Partial<Facts>,
  settingsOf: SettingsOf,
): Pick<Evaluated, 'evaluation' | 'facts'> {
  for (const name of control.facts) {
    if (facts[name] === undefined) {
      throw new TypeError(`the provider of facts did not answer for ${name}, which ${control.id} reads`);
    }
  }
  // Every fact that the control declares is there, as was just checked.
  return { evaluation: control.evaluate(resource, facts as Facts, settingsOf(control.id)), facts };
}
