/** The Regions that there are, as the AWS SDK of this version knows them: a newer one may be missing. */
import regions from './regions.json' with { type: 'json' };

export const knownRegions: readonly string[] = regions;
