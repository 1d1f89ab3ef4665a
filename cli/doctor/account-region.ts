/** Where doctor and dlq look: Regions and stage, as flags name them. */
import { STSClient } from '@aws-sdk/client-sts';
import { checkRegion } from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

/** The Regions named, each once; without any, the one that the environment or the profile configures. */
export async function regionsOf(
  named: readonly string[],
  profile: string | undefined,
): Promise<readonly string[]> {
  const regions = [...new Set(named.flatMap((value) => value.split(',')))];
  for (const name of regions) checkRegion(name);
  return regions.length > 0 ? regions : [await configuredRegion(profile)];
}

async function configuredRegion(profile: string | undefined): Promise<string> {
  try {
    return await new STSClient(profile === undefined ? {} : { profile }).config.region();
  } catch (error) {
    throw new UsageError('no Region is configured: name one with --region, or set AWS_REGION', {
      cause: error,
    });
  }
}

/** @throws UsageError when it could not be the name of a stage. */
export function checkStage(stage: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(stage)) {
    throw new UsageError(
      `--stage takes lower-case letters, digits and hyphens, not ${printable(stage) || 'nothing'}`,
    );
  }
}
