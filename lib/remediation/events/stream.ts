/**
 * What the state table's stream tells. Source: Amazon DynamoDB Developer Guide, "DynamoDB Streams and AWS Lambda triggers";
 * AWS Lambda Developer Guide, "Process Amazon DynamoDB records with Lambda" (event structure: bytes are in base64).
 */
import { at, isObject, text } from '../../core/json.ts';
import { fromItem, type Item } from '../../findings/state/item.ts';
import { entrySortKey } from '../../findings/state/schema.ts';
import { type Transition, transitionOf } from './transition.ts';

export type Streamed =
  | { readonly kind: 'transition'; readonly transition: Transition }
  /** No entry, or nothing that others act upon. */
  | { readonly kind: 'nothing' }
  /** It can't be read, and never will: a sentence for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** @param record one of the stream, as Lambda hands it on. */
export function streamed(record: unknown): Streamed {
  const images = at(record, 'dynamodb');
  const after = at(images, 'NewImage');
  // What time to live, or somebody, removed is no transition of a finding.
  if (after === undefined || text(images, 'Keys', 'sk', 'S') !== entrySortKey) return { kind: 'nothing' };
  try {
    const before = at(images, 'OldImage');
    const transition = transitionOf(
      before === undefined ? undefined : fromItem(itemOf(before)),
      fromItem(itemOf(after)),
    );
    return transition === undefined ? { kind: 'nothing' } : { kind: 'transition', transition };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The SDK's form of an item: bytes are bytes. `fromItem` checks what it needs of it. */
function itemOf(image: unknown): Item {
  if (!isObject(image)) throw new TypeError('an image of the stream is no object');
  return Object.fromEntries(
    Object.entries(image).map(([name, value]) => {
      const bytes = text(value, 'B');
      return [name, bytes === undefined ? value : { B: Buffer.from(bytes, 'base64') }];
    }),
  ) as Item;
}
