/**
 * Transitions in the records of the state table's stream. Source: Amazon DynamoDB Developer Guide, "DynamoDB Streams and AWS Lambda triggers";
 * AWS Lambda Developer Guide, "Process Amazon DynamoDB records with Lambda" (event structure: bytes are in base64).
 */
import { at, isObject, text } from '../../core/json.ts';
import { fromItem, type Item } from '../../findings/state/item.ts';
import { entrySortKey } from '../../findings/state/schema.ts';
import { type TransitionEvent, transitionOf } from './transition.ts';

export type StreamedRecord =
  | { readonly kind: 'transition'; readonly transition: TransitionEvent }
  /** No entry of a finding, or a change that others do not act upon. */
  | { readonly kind: 'nothing' }
  /** It can't be read, now or later: a sentence for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** @param record of the stream, as Lambda passes it. */
export function readStreamRecord(record: unknown): StreamedRecord {
  const images = at(record, 'dynamodb');
  const after = at(images, 'NewImage');
  // An item that time to live, or somebody, removed is no transition of a finding.
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

/** The SDK's form of an item, of the kinds of attributes that an entry has: texts, numbers and bytes, which are bytes. */
function itemOf(image: unknown): Item {
  if (!isObject(image)) throw new TypeError('an image of the stream is no object');
  return Object.fromEntries(
    Object.entries(image).flatMap(([name, value]) => {
      const attribute = attributeOf(value);
      return attribute === undefined ? [] : [[name, attribute]];
    }),
  );
}

function attributeOf(value: unknown): Item[string] | undefined {
  const [S, N, B] = [at(value, 'S'), at(value, 'N'), at(value, 'B')];
  if (typeof S === 'string') return { S };
  if (typeof N === 'string') return { N };
  if (typeof B === 'string') return { B: Buffer.from(B, 'base64') };
  return undefined;
}
