/**
 * Publishes pending findings to Security Hub and records which ones it accepted, so that each is published until
 * Security Hub has it.
 */
import type { Control } from '../../core/control.ts';
import { toAsff } from '../../findings/asff.ts';
import type { Publisher } from '../../findings/publisher.ts';
import { isPublicationPending, type Recorded, type StateTable } from '../../findings/state/table.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { publishBody } from './message.ts';
import { nextPublicationIn } from './retry-delay.ts';

export interface Publication {
  /** The findings as Security Hub has them now. */
  readonly published: readonly Recorded[];
  /** Findings that Security Hub refuses as they are; each is in the DLQ, for people. */
  readonly refused: readonly { readonly finding: string; readonly reason: string }[];
  /** Findings that Security Hub did not take now; their publication is retried. */
  readonly deferred: readonly { readonly finding: string; readonly reason: string }[];
  /** A sentence for people where Security Hub is off. The scheduled scan publishes the pending findings later. */
  readonly off: string | undefined;
}

export interface PublicationOptions {
  /**
   * All controls of the evaluator, also those that the policy does not enable, because their findings may be pending
   * publication.
   */
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
 * Publishes findings that are pending publication, and those that a message names: nothing else requests another try
 * for a finding that Security Hub refused.
 * @param attempts by finding id, for the findings that a message names: the number of this attempt, from 1. All
 *   others are at their first.
 * @returns which findings Security Hub accepted, refused or did not take now.
 * @throws when the state table or a queue can't be written. Errors of Security Hub are in the result.
 * @example const { published } = await publishPending(entries, new Map(), { controls, stateTable, publisher, queues, now });
 */
export async function publishPending(
  entries: readonly Recorded[],
  attempts: ReadonlyMap<string, number>,
  { controls, stateTable, publisher, queues, now }: PublicationOptions,
): Promise<Publication> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  // At a later attempt, another function may have published it meanwhile.
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
  // A refused finding counts as published, so that it is not retried in vain: it is in the DLQ.
  const handled = [...published, ...entriesOf(refusals.map(({ finding }) => finding))];
  await stateTable.markPublished(handled.map(({ id, updatedAt }) => ({ id, updatedAt })));
  const postponed = deferred.map(({ id, reason }) => ({ finding: id, reason }));
  for (const [attempt, some] of Map.groupBy(postponed, ({ finding }) => attempts.get(finding) ?? 1)) {
    const delay = nextPublicationIn(attempt);
    if (delay !== undefined) {
      await queues.again(publications(some, attempt + 1), delay);
      continue;
    }
    // One message for each finding, so that people can inspect and redrive each alone.
    for (const { finding, reason } of some) {
      await queues.deadLetter(
        JSON.stringify(publishBody([finding])),
        `Security Hub did not take the finding ${finding} in ${attempt} attempts: ${reason}`,
      );
    }
  }
  return { published, refused: refusals, deferred: postponed, off: off?.message };
}

/** The most findings in one message; their ids have up to 512 characters. */
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
