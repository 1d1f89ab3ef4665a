/** Telling Security Hub what it is pending publication, and noting what it took, so that it is told each thing until it has it. */
import type { Control } from '../../core/control.ts';
import { toAsff } from '../../findings/asff.ts';
import type { Publisher } from '../../findings/publisher.ts';
import { isPublicationPending, type Recorded, type StateTable } from '../../findings/state/table.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { publishBody } from './message.ts';
import { nextPublicationIn } from './retry-delay.ts';

export interface Publication {
  /** As they are in Security Hub now. */
  readonly published: readonly Recorded[];
  /** What Security Hub will not take as it is; each was put aside for people. */
  readonly refused: readonly { readonly finding: string; readonly reason: string }[];
  /** What it could not be told now, and will be told again. */
  readonly deferred: readonly { readonly finding: string; readonly reason: string }[];
  /** That Security Hub is switched off, as a sentence for people. What it is pending publication, the scheduled scan brings later. */
  readonly off: string | undefined;
}

export interface PublicationOptions {
  /** All of the evaluator, also those that the policy does not enable: their findings may be pending publication still. */
  readonly controls: readonly Control[];
  readonly stateTable: StateTable;
  readonly publisher: Publisher;
  readonly queues: {
    again(bodies: readonly unknown[], delaySeconds: number): Promise<void>;
    deadLetter(body: string, reason: string): Promise<void>;
  };
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Publishes those that are pending publication, and those that somebody asked for by name: of what Security Hub refused once, nothing
 * else says that it is to be tried anew.
 * @param attempts how often findings that a message names were tried, this time included; all others are tried for the
 *   first time.
 * @throws when the state table or a queue can't be written. What Security Hub answers is never thrown.
 */
export async function publishPending(
  entries: readonly Recorded[],
  attempts: ReadonlyMap<string, number>,
  { controls, stateTable, publisher, queues, now }: PublicationOptions,
): Promise<Publication> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  // At a later attempt, somebody else may have published it meanwhile.
  const wanted = entries.filter(
    (entry) => attempts.get(entry.id) === 1 || isPublicationPending(entry, now()),
  );
  const findings = wanted.flatMap((entry) => {
    const control = controls.find(({ id }) => id === entry.control);
    if (entry.finding === undefined || control === undefined) return [];
    const updatedAt = new Date(entry.updatedAt).toISOString();
    const { details, resource } = entry;
    return [
      toAsff(entry.finding, control, updatedAt, {
        type: resourceTypeOf(resource.type),
        details,
        tags: resource.tags,
      }),
    ];
  });
  if (findings.length === 0) return { published: [], refused: [], deferred: [], off: undefined };
  const { accepted, refused, deferred, off } = await publisher.publish(findings);
  const entriesOf = (ids: readonly string[]) => ids.flatMap((id) => byId.get(id) ?? []);
  const published = entriesOf(accepted);
  const refusals = refused.map(({ id, code, message }) => ({ finding: id, reason: `${code}: ${message}` }));
  for (const { finding, reason } of refusals) {
    await queues.deadLetter(
      JSON.stringify(publishBody([finding])),
      `Security Hub refused the finding ${finding}: ${reason}`,
    );
  }
  // What was refused counts as told, so that it is not told in vain again and again: it waits among the dead letters.
  const told = [...published, ...entriesOf(refusals.map(({ finding }) => finding))];
  await stateTable.markPublished(told.map(({ id, updatedAt }) => ({ id, updatedAt })));
  const postponed = deferred.map(({ id, reason }) => ({ finding: id, reason }));
  for (const [attempt, some] of Map.groupBy(postponed, ({ finding }) => attempts.get(finding) ?? 1)) {
    const delay = nextPublicationIn(attempt);
    if (delay !== undefined) {
      await queues.again(publications(some, attempt + 1), delay);
      continue;
    }
    // One message a finding, so that each can be looked at and sent again by itself.
    for (const { finding, reason } of some) {
      await queues.deadLetter(
        JSON.stringify(publishBody([finding])),
        `Security Hub did not take the finding ${finding} in ${attempt} attempts: ${reason}`,
      );
    }
  }
  return { published, refused: refusals, deferred: postponed, off: off?.message };
}

/** So many findings in one message, whose ids have up to 512 characters. */
const findingsInMessage = 100;

function publications(
  postponed: readonly { readonly finding: string }[],
  attempt: number,
): readonly unknown[] {
  const ids = postponed.map(({ finding }) => finding);
  return Array.from({ length: Math.ceil(ids.length / findingsInMessage) }, (_, index) =>
    publishBody(ids.slice(index * findingsInMessage, (index + 1) * findingsInMessage), attempt),
  );
}
