/**
 * The programs that are compared: each reads the same files and returns how many records it read and how many of them are
 * wanted (a number that it does not count is absent). Each runs in a process of its own: see measure.ts.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { BenchArchive } from './archive.ts';

export interface MeasuredOutcome {
  readonly records?: number;
  readonly matching?: number;
}

/** Made before the clock starts: its code is loaded, its database is open. The clock measures the call. */
export type Contender = (archive: BenchArchive) => Promise<MeasuredOutcome>;

export const contenders = {
  /** Replay: reading, parsing, evaluating, deciding. Without writing the report. */
  'trailseal-1': async () => trailsealWith(1),
  'trailseal-2': async () => trailsealWith(2),

  /** (b) Unpack with `gunzipSync`, parse everything, then filter. */
  'gunzip+JSON.parse': async () => {
    const { wantedPairs } = await import('./trailseal.ts');
    const wanted = new Set(wantedPairs.map(({ eventSource, eventName }) => `${eventSource} ${eventName}`));
    return async ({ files }) => {
      let records = 0;
      let matching = 0;
      for (const file of files) {
        const parsed: { Records: { eventSource: string; eventName: string }[] } = JSON.parse(
          gunzipSync(readFileSync(file)).toString('utf8'),
        );
        records += parsed.Records.length;
        for (const { eventSource, eventName } of parsed.Records) {
          if (wanted.has(`${eventSource} ${eventName}`)) matching++;
        }
      }
      return { records, matching };
    };
  },

  /** (c) Unpack only, with `gunzipSync(file)`. */
  gunzip:
    async () =>
    async ({ files }) => {
      for (const file of files) gunzipSync(readFileSync(file));
      return {};
    },

  /** The same, with the output's size given to zlib. */
  'gunzip, sized':
    async () =>
    async ({ files }) => {
      for (const file of files) sizedGunzip(readFileSync(file));
      return {};
    },

  /** (d) DuckDB as an analyst would use it: two columns declared, everything else inferred. */
  duckdb: async () => duckdbWith({}),
  'duckdb-1': async () => duckdbWith({ threads: '1' }),
} satisfies Record<string, () => Promise<Contender>>;

export type ContenderName = keyof typeof contenders;

async function trailsealWith(threads: number): Promise<Contender> {
  const { trailseal } = await import('./trailseal.ts');
  return ({ folder }) => trailseal(folder, threads);
}

async function duckdbWith(settings: Record<string, string>): Promise<Contender> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const { wantedPairs } = await import('./trailseal.ts');
  const connection = await (await DuckDBInstance.create(':memory:', settings)).connect();
  const pairs = wantedPairs
    .map(({ eventSource, eventName }) => `('${eventSource}', '${eventName}')`)
    .join(', ');
  return async ({ files }) => {
    const reader = await connection.runAndReadAll(`
      SELECT count(*)::INTEGER AS records,
             (count(*) FILTER (WHERE (r.eventSource, r.eventName) IN (${pairs})))::INTEGER AS matching
      FROM (
        SELECT unnest(Records) AS r
        FROM read_json([${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')}],
                       columns = {Records: 'STRUCT(eventSource VARCHAR, eventName VARCHAR)[]'},
                       format = 'unstructured', maximum_object_size = 33554432)
      )`);
    const [row] = reader.getRowObjects();
    return { records: Number(row?.['records']), matching: Number(row?.['matching']) };
  };
}

/** With the output's size given, zlib does not concatenate chunks: a third less time. Few programs do so. */
function sizedGunzip(stored: Buffer): Buffer {
  return gunzipSync(stored, { chunkSize: stored.readUInt32LE(stored.length - 4) + 64 });
}
