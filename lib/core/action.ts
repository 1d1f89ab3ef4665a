/**
 * What an action is: a change to a customer's resource that is planned beforehand, can be interrupted and resumed at
 * any point, and can be undone, or says why not. Each is one file with the same parts in the same order.
 * `carry-out.ts` carries them out, `undo.ts` undoes them.
 */
import type { z } from 'zod/mini';
import type { Clients } from '../aws/clients.ts';
import type { Action, ApiCalls, EventSource, Resource, Severity, TrailEvent } from './control.ts';
import type { Tags } from './fact-provider.ts';
import type { ActionPermissions, Write } from './write.ts';

/** What an action needs to know of the finding, and what the run history keeps of it. A `Finding` is one. */
export interface FindingSummary {
  readonly id: string;
  readonly control: string;
  readonly title: string;
  readonly severity: Severity;
  /** ISO 8601, UTC; `null` when the event has no time. */
  readonly openedAt: string | null;
  /** Its changes so far, oldest first. */
  readonly history?: readonly {
    readonly status: 'OPEN' | 'RESOLVED' | 'ARCHIVED';
    readonly at: string | null;
  }[];
}

/** What is to be changed, and because of what. */
export interface Target<Settings = unknown, R extends Resource = Resource> {
  /** An action on resources that have ARNs may take a `Target<Settings, ArnResource>`. */
  readonly resource: R;
  readonly finding: FindingSummary;
  /**
   * What the policy sets, parsed by the action's own schema. That of a fix is the schema of the control it belongs to,
   * so that what the control requires is what the fix brings about.
   */
  readonly settings: Settings;
}

/** Something that was remembered, and since when it holds: ISO 8601, UTC. */
export interface Remembered<T> {
  readonly value: T;
  readonly at: string;
}

/** What services remembered of resources, so that a fix can restore their former state. */
export interface Memory {
  /**
   * @param kind what it is, as the service named it: `good-policy`.
   * @param control the control beside whose finding it is kept.
   * @returns `undefined` where nothing is remembered.
   */
  recall(kind: string, control: string, resource: Resource): Promise<Remembered<string> | undefined>;
}

/** What an action needs besides its target. */
export interface ActionDeps {
  readonly clients: Clients;
  /** What earlier evaluations of the resource read. */
  readonly memory: Memory;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** What was found just before the first write. */
export type Prepared<Before> =
  /**
   * To be done; `before` is what was there, and all that `apply` and the undo need to know, as plain JSON (`null`,
   * never `undefined`).
   */
  | { readonly kind: 'ready'; readonly before: Before; readonly plan: readonly string[] }
  /** The resource is already as it should be. */
  | { readonly kind: 'needless'; readonly because: string }
  /** It must not, or can't, be done now; a sentence for people. */
  | { readonly kind: 'skipped'; readonly because: string };

/** How the resource is now, compared with what the action, or its undo, made of it. */
export type Check =
  /** `state`: what was found, each a clause for people, for the audit trail. */
  | { readonly kind: 'as-set'; readonly state?: readonly string[] }
  /** Something of it is otherwise; each difference a clause for people. */
  | {
      readonly kind: 'differs';
      readonly differences: readonly string[];
      /**
       * Whether all that differs is still as it was before: then only this action changed the resource, and an
       * interrupted run may be resumed, or undone. `false`: somebody else has changed it. Left out: unknown; then a run
       * is resumed, but a partially completed one is not undone.
       */
      readonly partial?: boolean;
    }
  | { readonly kind: 'deleted'; readonly because: string };

/**
 * Who may undo an action. `function`: a function too, where the policy lets operators request an undo. `operator`: restoring
 * exposes again, so that no role of a function has the permissions: an operator runs the command, with permissions of his
 * own.
 */
export type UndoneBy =
  | { readonly by: 'function' }
  | {
      readonly by: 'operator';
      /** What restoring exposes, a sentence for people. */
      readonly because: string;
    };

export type Undo<Before, Settings = unknown> =
  | (UndoneBy & {
      readonly kind: 'restores';
      /** What the undo can't bring back, each a clause for people; announced before the action is done. */
      readonly except: readonly string[];
      /**
       * What of `except` applies to a resource that was so before the action. Left out where all of it applies to every
       * resource.
       */
      exceptFor?(before: Before, settings: Settings): readonly string[];
      readonly permissions: ActionPermissions;
      /** Restores the state before; idempotent. Only called while `check` returns `as-set`, or to resume an undo. */
      restore(target: Target<Settings>, before: Before, deps: ActionDeps): Promise<void>;
      /** Whether everything is as it was before. */
      restored(target: Target<Settings>, before: Before, deps: ActionDeps): Promise<Check>;
    })
  /** Undoing it would put data at risk, or give another result: the command is printed, and never run. */
  | {
      readonly kind: 'command';
      readonly because: string;
      command(target: Target<Settings>, before: Before): string;
    }
  | { readonly kind: 'impossible'; readonly because: string };

/**
 * Calls by which somebody may revert what an action did. They are a hint to compare it with AWS, and nothing more: what
 * follows depends on what AWS answers.
 */
export type RevertingCalls = {
  [S in EventSource]: {
    readonly eventSource: S;
    readonly eventNames: readonly ApiCalls[S][];
    /**
     * The resources that the action may have been carried out on; none where the event concerns none. Reads from AWS what
     * the event does not tell (the instance of a network interface), and rejects with what the SDK throws.
     */
    resources(event: TrailEvent, deps: ActionDeps): Promise<readonly Resource[]>;
  };
}[EventSource];

/** An earlier run of an action on the same resource, which nobody has undone by Trailseal. */
export interface EarlierRun<Before> {
  /** The state before that run. */
  readonly before: Before;
  /** The settings of that run, as its own schema accepts them. */
  readonly settings: unknown;
  /** Whether that run was begun for the same failure: the finding was not closed since. */
  readonly sameFailure: boolean;
}

/** An action's name; `notify` changes nothing, and is none. */
export type ActionId = Exclude<Action, 'notify'>;

export interface ActionDefinition<Before extends z.ZodMiniType, Settings extends z.ZodMiniType> {
  readonly id: ActionId;
  /** What it does to a resource, and when it is safe; two or three sentences. */
  readonly description: string;
  /** What it can break, for the people who decide about it. */
  readonly risk: string;
  readonly permissions: ActionPermissions;
  readonly settings: Settings;
  /** The shape of what was there before, which the state table keeps as JSON. */
  readonly before: Before;
  /** What was there before, in clauses for people: those that an undo restores. */
  was(before: z.infer<Before>): readonly string[];
  /** Reads only. Rejects with what the SDK throws when AWS does not answer. */
  prepare(target: Target<z.infer<Settings>>, deps: ActionDeps): Promise<Prepared<z.infer<Before>>>;
  /**
   * As `prepare`, where an earlier run may still be in place, or in part, because somebody reverted it: so that the undo
   * restores what was there before that run. Left out where `prepare` does for both.
   */
  prepareAgain?(
    target: Target<z.infer<Settings>>,
    earlier: EarlierRun<z.infer<Before>>,
    deps: ActionDeps,
  ): Promise<Prepared<z.infer<Before>>>;
  /**
   * Writes; reads first what an earlier, interrupted run did already, and does not do it again. Throws `UnderWay` where
   * AWS takes longer than is waited for.
   */
  apply(target: Target<z.infer<Settings>>, before: z.infer<Before>, deps: ActionDeps): Promise<void>;
  /** Reads only. */
  check(target: Target<z.infer<Settings>>, before: z.infer<Before>, deps: ActionDeps): Promise<Check>;
  readonly undo: Undo<z.infer<Before>, z.infer<Settings>>;
  /**
   * Calls after which it is compared with AWS; those of a fix are its controls' triggers as well. Left out where the
   * scheduled scan alone notices that it was reverted.
   */
  readonly revertedBy?: readonly RevertingCalls[];
}

/** An action without its type parameters, as the rest of the system handles it. */
export type AnyAction = ActionDefinition<z.ZodMiniType, z.ZodMiniType>;

/**
 * Declares an action; the types tie its parts to its settings and to what it keeps of the state before.
 * @param action all parts of the action.
 * @returns the same object.
 * @example export const revokeGrant = defineAction({ id: 'fix:revoke-grant', description, risk, permissions, settings, before, was, prepare, apply, check, undo });
 */
export function defineAction<Before extends z.ZodMiniType, Settings extends z.ZodMiniType>(
  action: ActionDefinition<Before, Settings>,
): ActionDefinition<Before, Settings> {
  return action;
}

/**
 * A step of an action, or of its undo, that can't be taken. The message says why, and what to do about it; completed steps
 * stay, and another run continues from there.
 * @example throw new ActionError(`there is no isolation group for ${vpc}`)
 */
export class ActionError extends Error {
  override readonly name: string = 'ActionError';
}

/** AWS has accepted the change and is still carrying it out: the same run may be resumed later. */
export class UnderWay extends Error {
  override readonly name = 'UnderWay';
}

/** Nothing more may be written for now: `wait` rejects with it between two writes. The message is a sentence. */
export class Halted extends Error {
  override readonly name = 'Halted';
  /** Whether AWS did not answer a required read, so that a retry may succeed. */
  readonly unanswered: boolean;

  constructor(message: string, unanswered = false) {
    super(message);
    this.unanswered = unanswered;
  }
}

/** The tags of a resource that is there. */
export interface Tagged {
  readonly tags: Tags;
  /** Why they can't be changed now, as a clause. */
  readonly obstacle?: string;
}

/** How one type of resource is tagged. */
export interface TagAdapter<R extends Resource = Resource> {
  readonly permissions: { readonly reads: readonly string[]; readonly set: Write; readonly remove: Write };
  /** `undefined` when the resource was deleted, or is about to be. */
  read(resource: R, deps: ActionDeps): Promise<Tagged | undefined>;
  set(resource: R, tags: Tags, deps: ActionDeps): Promise<void>;
  remove(resource: R, names: readonly string[], deps: ActionDeps): Promise<void>;
}
