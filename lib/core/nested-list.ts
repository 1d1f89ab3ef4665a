/**
 * Nested listings: the node groups of each cluster, the grants of each key. A page ends after a number of calls or
 * resources, at any position, and its token contains the rest, so that the next page continues there.
 */
import type { Clients } from '../aws/clients.ts';
import type { AccountRegion } from './account-region.ts';
import type { Resource } from './control.ts';
import { at, isObject, text } from './json.ts';
import { asked, type Lister, ListingError, tokenIn } from './list.ts';

interface Found {
  readonly items: readonly string[] | undefined;
  readonly next: string | undefined;
}

export interface Nested {
  readonly outer: {
    readonly action: string;
    /** At most 100 names a page, because a token contains them. */
    readonly list: (clients: Clients, token: string | undefined) => Promise<Found>;
  };
  readonly inner: {
    readonly action: string;
    readonly list: (clients: Clients, name: string, token: string | undefined) => Promise<Found>;
    /** The name of the error for an outer resource that was deleted meanwhile. */
    readonly deleted: string;
    /**
     * The names of the errors that concern this outer resource alone, so that the listing of the others continues.
     */
    readonly particular: readonly string[];
  };
  readonly resource: (name: string, item: string, accountRegion: AccountRegion) => Resource;
}

/** A page ends after about this many resources, or calls. */
const enough = 200;
const mostCalls = 40;
/** The number of concurrent calls. */
const width = 8;

/** An outer resource whose parts remain to be listed, and the token to continue from. */
interface Pending {
  readonly name: string;
  readonly token: string | undefined;
}

interface Rest {
  readonly pending: readonly Pending[];
  /** Whether the outer listing continues, and from which token; without a token it has not begun. */
  readonly more: boolean;
  readonly token: string | undefined;
}

/**
 * Makes a lister of all inner resources.
 * @param nested the outer listing, the inner listing, and how an inner item becomes a resource.
 * @returns a lister. It rejects with a `ListingError` when the outer listing fails, and returns the outer resources
 *   of `particular` errors as `unlisted`.
 * @example nested({ outer: clusters, inner: nodegroups, resource: nodegroupOf }).permissions // ['eks:ListClusters', 'eks:ListNodegroups']
 */
export function nested({ outer, inner, resource }: Nested): Lister {
  return {
    permissions: [outer.action, inner.action],
    async list(clients, accountRegion, token) {
      const resources: Resource[] = [];
      const unlisted: ListingError[] = [];
      let rest = restIn(token);
      for (
        let calls = 0;
        (rest.pending.length > 0 || rest.more) && calls < mostCalls && resources.length < enough;
      ) {
        if (rest.pending.length === 0) {
          const from = rest.token;
          const { items, next } = await asked(outer.action, accountRegion, () => outer.list(clients, from));
          const following = tokenIn(next);
          calls += 1;
          rest = {
            pending: (items ?? []).map((name) => ({ name, token: undefined })),
            more: following !== undefined,
            token: following,
          };
          continue;
        }
        const taken = rest.pending.slice(0, width);
        const pages = await Promise.all(taken.map((one) => part(clients, accountRegion, one)));
        calls += taken.length;
        for (const { name, items, error } of pages) {
          resources.push(...items.map((item) => resource(name, item, accountRegion)));
          if (error !== undefined) unlisted.push(error);
        }
        const goOn = pages.flatMap(({ name, next }) => (next === undefined ? [] : [{ name, token: next }]));
        rest = { ...rest, pending: [...goOn, ...rest.pending.slice(width)] };
      }
      const done = rest.pending.length === 0 && !rest.more;
      return { resources, token: done ? undefined : tokenOf(rest), unlisted };
    },
  };

  async function part(clients: Clients, accountRegion: AccountRegion, { name, token }: Pending) {
    try {
      const { items, next } = await inner.list(clients, name, token);
      return { name, items: items ?? [], next: tokenIn(next), error: undefined };
    } catch (error) {
      const none = { name, items: [], next: undefined };
      const kind = error instanceof Error ? error.name : '';
      if (kind === inner.deleted) return { ...none, error: undefined };
      const failure = new ListingError(inner.action, accountRegion, error, name);
      if (inner.particular.includes(kind)) return { ...none, error: failure };
      throw failure;
    }
  }
}

function tokenOf({ pending, more, token }: Rest): string {
  return JSON.stringify({
    pending: pending.map((one) => (one.token === undefined ? [one.name] : [one.name, one.token])),
    ...(more ? { token } : {}),
  });
}

function restIn(token: string | undefined): Rest {
  if (token === undefined) return { pending: [], more: true, token: undefined };
  let value: unknown;
  try {
    value = JSON.parse(token);
  } catch (error) {
    throw new TypeError('the token is not one of this listing: begin it anew', { cause: error });
  }
  const pending = at(value, 'pending');
  if (!isObject(value) || !Array.isArray(pending)) {
    throw new TypeError('the token is not one of this listing: begin it anew');
  }
  const following = text(value, 'token');
  return {
    pending: pending.flatMap((one: unknown) => {
      const name = text(one, 0);
      return name === undefined ? [] : [{ name, token: text(one, 1) }];
    }),
    more: following !== undefined,
    token: following,
  };
}
