/** One archive, read once, replayed under two policies. */
import type { Control, Verdict } from '../../../lib/core/control.ts';
import {
  type Replay,
  type ReplayOptions,
  readFor,
  replayArchive,
} from '../../../lib/pipeline/replay/replay.ts';
import type { Policy } from '../../../lib/policy/policy.ts';

/** A replay, with what else the comparison needs of it. */
export interface Evaluated {
  readonly replay: Replay;
  readonly policy: Policy;
  /** The last evaluation by the id that its finding has or would have, also of what passes and of what was deleted. */
  readonly last: ReadonlyMap<string, { readonly verdict: Verdict; readonly summary: string }>;
}

/** @throws the signal's reason when aborted. */
export async function replayUnderBoth(
  paths: readonly string[],
  policies: { readonly old: Policy; readonly new: Policy },
  controls: readonly Control[],
  options: Omit<ReplayOptions, 'controls' | 'policy'> & ReadingOptions,
): Promise<{ readonly old: Evaluated; readonly new: Evaluated }> {
  const evaluating = (policy: Policy) => ({ controls, policy });
  const archive = await readFor([evaluating(policies.old), evaluating(policies.new)], paths, options);
  const under = async (policy: Policy): Promise<Evaluated> => {
    const last = new Map<string, { verdict: Verdict; summary: string }>();
    const replay = await replayArchive(
      archive,
      { ...options, ...evaluating(policy) },
      (id, { verdict, evidence: { summary } }) => last.set(id, { verdict, summary }),
    );
    return { replay, policy, last };
  };
  return { old: await under(policies.old), new: await under(policies.new) };
}
