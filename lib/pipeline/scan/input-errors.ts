/** What a scan could not read, told once for everything alike. */
import type { Resource, ResourceType } from '../../core/control.ts';
import type { Unknown } from '../../core/facts.ts';
import type { ListingError } from '../../core/list.ts';
import type { InputError } from '../../trail/archive.ts';
import type { Evaluated } from '../evaluate.ts';

/** What AWS refused or did not answer; anything else that is unknown is a matter of the resource. */
const unanswered: readonly Unknown['reason'][] = ['denied', 'throttled', 'failed'];

interface Trouble {
  readonly where: string;
  /** A clause for people that names the IAM action. */
  readonly because: string;
  /** What follows from it, for so many alike. */
  readonly so: (count: number) => string;
  count: number;
}

export class Troubles {
  readonly #troubles = new Map<string, Trouble>();

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

  /** A resource that could not be evaluated, if AWS did not tell a fact. */
  unknown({ control, resource, facts }: Evaluated): void {
    for (const name of control.facts) {
      const fact = facts[name];
      if (fact === undefined || fact.known || !unanswered.includes(fact.reason)) continue;
      this.#add(`fact ${accountRegionOf(resource)} ${control.id} ${name} ${fact.reason}`, {
        where: `${accountRegionOf(resource)}/${resource.type}`,
        because: fact.detail,
        so: (count) => `; ${control.id} does not know ${count === 1 ? 'one resource' : `${count} resources`}`,
      });
    }
  }

  #add(key: string, trouble: Omit<Trouble, 'count'>): void {
    const known = this.#troubles.get(key) ?? { ...trouble, count: 0 };
    known.count += 1;
    this.#troubles.set(key, known);
  }

  /** In the order of where they were met, whichever was met first. */
  errors(): readonly InputError[] {
    return [...this.#troubles]
      .sort(([a, { where: here }], [b, { where: there }]) =>
        here === there ? (a < b ? -1 : 1) : here < there ? -1 : 1,
      )
      .map(([, { where, because, so, count }]) => ({ file: where, reason: `${because}${so(count)}` }));
  }
}

function accountRegionOf({ account, region }: Resource): string {
  return `${account}/${region}`;
}
