/** The Regions that there are, as the installed AWS SDK knows them. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod/mini';

// The SDK keeps its list to itself, so that it is read by its path; a newer SDK that has it elsewhere fails here.
const file = path.join(
  import.meta.dirname,
  '../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
);

const partitionsModule = z.object({
  partitionsInfo: z.object({
    partitions: z.array(z.object({ regions: z.record(z.string(), z.unknown()) })),
  }),
});

/**
 * The Regions of all partitions, in alphabetical order, as JSON. `aws-global` and its like are none.
 * @example await regionsJson() // '[\n  "af-south-1",\n …'
 */
export async function regionsJson(): Promise<string> {
  const { partitionsInfo } = partitionsModule.parse(await import(pathToFileURL(file).href));
  const regions = partitionsInfo.partitions.flatMap((partition) => Object.keys(partition.regions));
  return `${JSON.stringify(regions.filter((region) => !region.endsWith('-global')).sort(), null, 2)}\n`;
}
