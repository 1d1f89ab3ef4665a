/** What a scan could not read, once for all that is alike. */
import type { Resource, ResourceType } from '../../core/control.ts';
import type { Unknown } from '../../core/facts.ts';
import type { ListingError } from '../../core/list.ts';
import type { InputError } from '../../trail/archive.ts';
import type { Evaluated } from '../evaluate.ts';

/** AWS denied or did not answer; any other unknown fact is a matter of the resource. */
const unanswered: readonly Unknown['reason'][] = ['denied', 'throttled', 'failed'];

interface ScanError {
  readonly where: string;
  /** A clause for people that names the IAM action. */
  readonly because: string;
  /** The end of the message, for so many alike. */
  readonly so: (count: number) => string;
  count: number;
}

export class ScanErrors {
  readonly #errors = new Map<string, ScanError>();

  /** A listing that failed, in whole or for one thing. */
  listing(type: ResourceType, error: ListingError): void {
    const { account, region } = error.accountRegion;
    const cause = error.cause instanceof Error ? error.cause.name : '';
    this.#add(`listing ${account} ${region} ${type} ${error.action} ${cause}`, {
      where: `${account}/${region}/${type}`,
      because: error.message,
      so: (count) => (count === 1 ? '' : ` (and ${count - 1} more like it)`),
    });
  }

  /** A resource that could not be evaluated, where AWS did not answer for a fact. */
  unknown({ control, resource, facts }: Evaluated): void {
    for (const name of control.facts) {
      const fact = facts[name];
      if (fact === undefined || fact.known || !unanswered.includes(fact.reason)) continue;
      this.#add(`fact ${accountRegionOf(resource)} ${control.id} ${name} ${fact.reason}`, {
        where: `${accountRegionOf(resource)}/${resource.type}`,
        because: fact.detail,
        so: (count) =>
          `; ${control.id} could not evaluate ${count === 1 ? 'one resource' : `${count} resources`}`,
      });
    }
  }

  #add(key: string, error: Omit<ScanError, 'count'>): void {
    const known = this.#errors.get(key) ?? { ...error, count: 0 };
    known.count += 1;
    this.#errors.set(key, known);
  }

  /** In the order of account, Region and type, whichever came first. */
  all(): readonly InputError[] {
    return [...this.#errors]
      .sort(([a, { where: here }], [b, { where: there }]) =>
        here === there ? (a < b ? -1 : 1) : here < there ? -1 : 1,
      )
      .map(([, { where, because, so, count }]) => ({ file: where, reason: `${because}${so(count)}` }));
  }
}

function accountRegionOf({ account, region }: Resource): string {
  return `${account}/${region}`;
}
