/** Reads the data embedded in the report: the table at once, details and events block by block. */
import { blockSize, type FindingDetail, type Wire } from '../wire.ts';

/** The data of the table and the charts. The same version of the report wrote it, so that its shape is known. */
export function readWire(): Wire {
  return JSON.parse(textOf('data')) as Wire;
}

const blocks = new Map<string, Promise<readonly unknown[]>>();

/** The details of the finding at `index` in the default order. */
export async function readDetail(index: number): Promise<FindingDetail> {
  return (await entry('details', index)) as FindingDetail;
}

/** The raw record at `index`. */
export async function readEvent(index: number): Promise<unknown> {
  return await entry('events', index);
}

async function entry(kind: 'details' | 'events', index: number): Promise<unknown> {
  const id = `${kind}-${Math.floor(index / blockSize)}`;
  let block = blocks.get(id);
  if (block === undefined) {
    block = readBlock(id);
    blocks.set(id, block);
  }
  return (await block)[index % blockSize];
}

async function readBlock(id: string): Promise<readonly unknown[]> {
  const embedded: unknown = JSON.parse(textOf(id));
  const block: unknown = typeof embedded === 'string' ? JSON.parse(await inflate(embedded)) : embedded;
  if (!Array.isArray(block)) throw new Error(`${id} is not a list`);
  return block;
}

async function inflate(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return await new Response(stream).text();
}

function textOf(id: string): string {
  const text = document.getElementById(id)?.textContent;
  if (typeof text !== 'string') throw new Error(`the report holds no ${id}`);
  return text;
}
