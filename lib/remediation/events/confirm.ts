/**
 * What the state table says of a transition that a record of its stream reports. Whoever may invoke the function can pass
 * it a record that no stream delivered: it names a finding, and what is published is what the table holds of that. Pure.
 */
import type { StatusChange } from '../../findings/finding.ts';
import type { Recorded } from '../../findings/state/table.ts';
import { eventActor, type TransitionEvent, transitionOf } from './transition.ts';

/** The state table holds nothing of what a record reports: it was not delivered by the stream, or its item was deleted. */
export class UnconfirmedTransition extends Error {
  override readonly name = 'UnconfirmedTransition';
}

/**
 * @param reported as a record of the stream reports it.
 * @param entry the finding's entry in the state table now, which may have changed since.
 * @returns the transition as the state table knows it. Throws an `UnconfirmedTransition` where it does not.
 * @example confirmedBy((await stateTable.read([transition.finding])).get(transition.finding), transition)
 */
export function confirmedBy(entry: Recorded | undefined, reported: TransitionEvent): TransitionEvent {
  const now = entry === undefined ? undefined : transitionOf(undefined, entry);
  if (entry?.finding === undefined || now === undefined) {
    throw new UnconfirmedTransition(
      `The state table has no finding ${reported.finding}: the record was not delivered by the stream of the table, or ` +
        'its item was deleted. Nothing has to be done about a finding that is gone; the next scan opens it again if it fails.',
    );
  }
  if (now.sequence === reported.sequence) return { ...now, previous: reported.previous };
  const then = now.sequence > reported.sequence ? changeOf(entry.finding.history, reported) : undefined;
  if (then === undefined) {
    throw new UnconfirmedTransition(
      `The state table knows no transition ${reported.id} of the finding ${reported.finding}: the record was not ` +
        'delivered by the stream of the table. Find out who may call lambda:InvokeFunction on the function.',
    );
  }
  // The same event may open it as UNKNOWN, and as a failure once its facts are read: then its history has the failure alone.
  const wasUnknown = reported.verdict === 'UNKNOWN' && then.status !== 'RESOLVED' && then.verdict === 'FAIL';
  return {
    ...now,
    id: `${reported.finding}@${reported.sequence}`,
    sequence: reported.sequence,
    status: then.status,
    verdict: wasUnknown ? 'UNKNOWN' : then.status === 'RESOLVED' ? 'PASS' : then.verdict,
    previous: reported.previous,
    summary: wasUnknown ? 'It could not be evaluated then, and was later.' : then.summary,
    actor: eventActor(then.actor),
    at: then.at,
    openedAt: reported.openedAt,
    exemption: reported.exemption,
  };
}

/** The change of status, kept in the finding's history, after which the finding was as reported. */
function changeOf(
  history: readonly StatusChange[],
  { status, at }: TransitionEvent,
): StatusChange | undefined {
  return history.findLast((change) => change.status === status && change.at === at);
}
