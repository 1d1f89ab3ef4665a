/**
 * Failing resources, one for each action: how each is created, its event, and what the action changes. In every case AWS's
 * own API, in moto, has the resource, and the event is a sample.
 */
import { account, region } from './emulated-aws.ts';
import { failingKeys } from './failing-keys.ts';
import { failingResources } from './failing-resources.ts';
import type { EventToPut } from './stack.ts';

export interface FailingCase {
  readonly control: string;
  /** The action; where one action has several cases, `of` says for what. */
  readonly action: string;
  readonly of?: string;
  /** Creates it, failing. @returns its id, as the finding has it. */
  make(): Promise<string>;
  /** The event of its failure, as CloudTrail delivers it. */
  eventOf(id: string): EventToPut;
  /** The part of it that the action changes, as AWS has it. */
  describe(id: string): Promise<unknown>;
  /** What `describe` returns while it fails, and when the action is done. */
  readonly before: unknown;
  readonly after: unknown;
  /** Whether the undo restores it, or prints a command. */
  readonly undo: 'restores' | 'command' | 'not in moto';
}

export const failingCases: readonly FailingCase[] = [...failingKeys, ...failingResources];

/** The id of the finding about a resource in this account and Region. */
export function findingOf(control: string, id: string): string {
  return `trailseal/${control}/${account}/${region}/${id}`;
}
