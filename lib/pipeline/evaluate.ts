/** Judging: facts are read once for all that is to be judged, then each control has its say. */
import type { Facts, Judgement } from '../core/control.ts';
import type { FactProvider, LiveFactProvider } from '../core/fact-provider.ts';
import type { Unknown } from '../core/facts.ts';
import type { Concern } from './match.ts';

export interface Judged extends Concern {
  readonly judgement: Judgement;
  /** The facts that the judgement rests on, by name. */
  readonly facts: Partial<Facts>;
  /** Why the tags are not known, where they were asked for; see `withTags`. */
  readonly tagsUnknown?: Unknown;
}

/** The parsed settings of a control, as the policy has them. */
type SettingsOf = (controlId: string) => unknown;

/**
 * Judges resources by their controls.
 * @returns a judgement for each concern, in the order given.
 */
export async function judge(
  concerns: readonly Concern[],
  provider: FactProvider,
  settingsOf: SettingsOf,
): Promise<readonly Judged[]> {
  const gathered = await provider.gather(
    concerns.map(({ control, resource }) => ({ resource, facts: control.facts })),
  );
  return concerns.map((concern, index) => ({
    ...concern,
    ...judgeBy(concern, gathered[index] ?? {}, settingsOf),
  }));
}

export interface LiveConcern extends Concern {
  /** Whether the resource may well be gone: then its absence is an answer, not waited out. */
  readonly mayBeGone?: boolean;
}

/**
 * Judges resources as they are now, by their own ids. See `LiveFactProvider` for how one concern may give several
 * judgements; whether a resource is gone or not ready, and its verdict not to be counted, is told by its facts
 * (`facts/absence.ts`).
 * @returns the judgements for each concern, in the order given. Of one control and one resource there is one
 * judgement, and one object, however many concerns it answers.
 */
export async function judgeLive(
  concerns: readonly LiveConcern[],
  provider: LiveFactProvider,
  settingsOf: SettingsOf,
): Promise<readonly (readonly Judged[])[]> {
  const looked = await provider.look(
    concerns.map(({ control, resource, mayBeGone = false }) => ({
      resource,
      facts: control.facts,
      mayBeGone,
    })),
  );
  const all = new Map<string, Judged>();
  return concerns.map(({ control }, index) =>
    (looked[index] ?? []).map(({ resource, facts }) => {
      const { account, region, type, id } = resource;
      const key = `${control.id} ${account} ${region} ${type} ${id}`;
      const judged = all.get(key) ?? {
        control,
        resource,
        ...judgeBy({ control, resource }, facts, settingsOf),
      };
      all.set(key, judged);
      return judged;
    }),
  );
}

function judgeBy(
  { control, resource }: Concern,
  facts: Partial<Facts>,
  settingsOf: SettingsOf,
): Pick<Judged, 'judgement' | 'facts'> {
  for (const name of control.facts) {
    if (facts[name] === undefined) {
      throw new TypeError(`the provider of facts did not answer for ${name}, which ${control.id} reads`);
    }
  }
  // Every fact that the control declares is there, as was just checked.
  return { judgement: control.evaluate(resource, facts as Facts, settingsOf(control.id)), facts };
}
