/** One archive, read once, replayed under two policies. */
import type { Control, Verdict } from '../../../lib/core/control.ts';
import {
  type Replay,
  type ReplayOptions,
  readFor,
  replayArchive,
} from '../../../lib/pipeline/replay/replay.ts';
import type { Policy } from '../../../lib/policy/model.ts';

/** A replay under one policy, with what else the comparison needs. */
export interface PolicyReplay {
  readonly replay: Replay;
  readonly policy: Policy;
  /** The last evaluation by the id that its finding has or would have, including resources that pass or were deleted. */
  readonly last: ReadonlyMap<string, { readonly verdict: Verdict; readonly summary: string }>;
}

/** @throws the signal's reason when aborted. */
export async function replayUnderBoth(
  paths: readonly string[],
  policies: { readonly old: Policy; readonly new: Policy },
  controls: readonly Control[],
  options: Omit<ReplayOptions, 'controls' | 'policy' | 'onEvaluated'>,
): Promise<{ readonly old: PolicyReplay; readonly new: PolicyReplay }> {
  const evaluating = (policy: Policy) => ({ controls, policy });
  const archive = await readFor([evaluating(policies.old), evaluating(policies.new)], paths, options);
  const under = async (policy: Policy): Promise<PolicyReplay> => {
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
