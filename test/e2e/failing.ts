/**
 * What fails, one for each action: how it is made and told of, what of it the action changes. In every case AWS's own
 * API, in moto, has the resource, and a sample event says what was done to it.
 */
import { account, region } from './emulated-aws.ts';
import { failingKeys } from './failing-keys.ts';
import { failingResources } from './failing-resources.ts';
import type { BusEvent } from './stack.ts';

export interface Failing {
  readonly control: string;
  /** The action, and where one action has several cases, of what. */
  readonly action: string;
  readonly of?: string;
  /** Makes it fail. @returns its id, as the finding has it. */
  make(): Promise<string>;
  /** What CloudTrail tells of that. */
  told(id: string): BusEvent;
  /** What of it the action is about, as AWS has it. */
  look(id: string): Promise<unknown>;
  /** What `look` gives while it fails, and when the action is done. */
  readonly before: unknown;
  readonly after: unknown;
  /** Whether undo brings back what was there, or prints a command. */
  readonly undo: 'restores' | 'command' | 'not in moto';
}

export const failing: readonly Failing[] = [...failingKeys, ...failingResources];

/** The id of the finding about a resource here. */
export function findingOf(control: string, id: string): string {
  return `trailseal/${control}/${account}/${region}/${id}`;
}
