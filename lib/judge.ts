/** Judging: facts are read once for all that is to be judged, then each control has its say. */
import type { Facts, Judgement } from './control.ts';
import type { FactProvider } from './facts/provider.ts';
import type { Concern } from './match.ts';

export interface Judged extends Concern {
  readonly judgement: Judgement;
  /** The facts that the judgement rests on, by name. */
  readonly facts: Partial<Facts>;
}

/**
 * Judges resources by their controls.
 * @param settingsOf the parsed settings of a control, as the policy has them.
 * @returns a judgement for each concern, in the order given.
 */
export async function judge(
  concerns: readonly Concern[],
  provider: FactProvider,
  settingsOf: (controlId: string) => unknown,
): Promise<readonly Judged[]> {
  const gathered = await provider.gather(
    concerns.map(({ control, resource }) => ({ resource, facts: control.facts })),
  );
  return concerns.map((concern, index) => {
    const facts = gathered[index] ?? {};
    for (const name of concern.control.facts) {
      if (facts[name] === undefined) {
        throw new TypeError(
          `the provider of facts did not answer for ${name}, which ${concern.control.id} reads`,
        );
      }
    }
    // Every fact that the control declares is there, as was just checked.
    const judgement = concern.control.evaluate(
      concern.resource,
      facts as Facts,
      settingsOf(concern.control.id),
    );
    return { ...concern, judgement, facts };
  });
}
