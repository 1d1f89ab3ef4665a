/** One archive, read once, replayed under two policies. */
import type { Control, Verdict } from '../../lib/core/control.ts';
import { type Replay, type ReplayOptions, readFor, replayArchive } from '../../lib/pipeline/replay/replay.ts';
import type { Policy } from '../../lib/policy/policy.ts';

/** A replay, with what else the comparison needs of it. */
export interface Judged {
  readonly replay: Replay;
  readonly policy: Policy;
  /** The last judgement by the id that its finding has or would have, also of what passes and of what is gone. */
  readonly last: ReadonlyMap<string, { readonly verdict: Verdict; readonly summary: string }>;
}

/** @throws the signal's reason when aborted. */
export async function replayUnderBoth(
  paths: readonly string[],
  policies: { readonly old: Policy; readonly new: Policy },
  controls: readonly Control[],
  options: Omit<ReplayOptions, 'controls' | 'policy' | 'onJudged'>,
): Promise<{ readonly old: Judged; readonly new: Judged }> {
  const judging = (policy: Policy) => ({ controls, policy });
  const archive = await readFor([judging(policies.old), judging(policies.new)], paths, options);
  const under = async (policy: Policy): Promise<Judged> => {
    const last = new Map<string, { verdict: Verdict; summary: string }>();
    const replay = await replayArchive(archive, {
      ...options,
      ...judging(policy),
      onJudged: (id, { verdict, evidence: { summary } }) => last.set(id, { verdict, summary }),
    });
    return { replay, policy, last };
  };
  return { old: await under(policies.old), new: await under(policies.new) };
}
