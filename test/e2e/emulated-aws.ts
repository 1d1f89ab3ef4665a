/**
 * An emulated AWS to deploy to: ministack, and moto for what ministack lacks (Security Hub) or tells less of (EC2,
 * EKS, KMS: which instance types encrypt in transit, clusters without Docker). Both are of one account and Region.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startMinistack, startMoto } from '../../scripts/emulators.ts';

/** moto's account. */
export const account = '123456789012';
export const region = 'eu-central-1';

export interface EmulatedAws {
  /** What programs, Trailseal among them, need in their environment to use it instead of AWS. */
  readonly env: Readonly<Record<string, string>>;
  /** The file in which all is that ministack and the functions write. */
  readonly log: string;
  stop(): Promise<void>;
}

/** @param name of the folder in `out/` for its log, so that runs side by side have logs of their own. */
export async function startEmulatedAws(name = 'e2e'): Promise<EmulatedAws> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-e2e-'));
  // Also where an interrupt keeps the tests from stopping in order; the emulators end by themselves.
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const log = path.join(import.meta.dirname, '..', '..', 'out', name, 'ministack.log');
  mkdirSync(path.dirname(log), { recursive: true });
  // Nobody's own credentials, settings or proxies: nothing may reach the real AWS.
  const credentials = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: path.join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const base = { ...withoutSettings(process.env), TMPDIR: folder };
  // Without the images of Amazon's, whose hundreds of snapshots moto would have belong to this account.
  const bare = { MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' };
  const moto = await startMoto({ asSecurityHub: true, env: { ...base, ...credentials, ...bare } });
  const elsewhere = Object.fromEntries(
    ['EC2', 'EKS', 'KMS', 'SECURITYHUB'].map((service) => [`AWS_ENDPOINT_URL_${service}`, moto.endpoint]),
  );
  try {
    const ministack = await startMinistack({
      account,
      region,
      env: { ...base, ...credentials, ...elsewhere },
      log,
    });
    return {
      env: {
        ...credentials,
        ...elsewhere,
        AWS_ENDPOINT_URL: ministack.endpoint,
        AWS_REGION: region,
      },
      log,
      async stop() {
        await Promise.all([ministack.stop(), moto.stop()]);
        clear();
        process.off('exit', clear);
      },
    };
  } catch (error) {
    await moto.stop();
    throw error;
  }
}

/** The environment without what points at an AWS or changes how Node runs, so that a run here is a run anywhere. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(AWS_|VITEST|NODE_(ENV|OPTIONS|V8_COVERAGE)$|(HTTPS?|ALL)_PROXY$|PROXY$)/i.test(name),
    ),
  );
}
