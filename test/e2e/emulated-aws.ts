/**
 * An emulated AWS to deploy to: ministack, and moto for what ministack lacks (Security Hub) or emulates less of (the services
 * that are evaluated: which instance types encrypt in transit, clusters without Docker). Both have one account and Region.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeClients } from '../../lib/services/clients.ts';
import { startMinistack, startMoto } from '../../scripts/emulators.ts';
import { type Callers, makeCallers } from './callers.ts';

/** moto's account. */
export const account = '123456789012';
export const region = 'eu-central-1';

/**
 * The environment variables that name moto's endpoint for the services that it emulates.
 * Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints": the service's id, spaces as underscores.
 */
export const motoEndpointVariables: readonly string[] = [
  ...Object.values(makeClients({ region })).map(({ config }) => String(config.serviceId)),
  'SecurityHub',
].map((id) => `AWS_ENDPOINT_URL_${id.toUpperCase().replaceAll(' ', '_')}`);

export interface EmulatedAws {
  /** The environment in which programs, Trailseal among them, use it instead of AWS. */
  readonly env: Readonly<Record<string, string>>;
  readonly callers: Callers;
  /** The file with all output of ministack and of the functions. */
  readonly log: string;
  stop(): Promise<void>;
}

/** @param name of the folder in `out/` for its log, so that parallel runs have logs of their own. */
export async function startEmulatedAws(name = 'e2e'): Promise<EmulatedAws> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-e2e-'));
  // An interrupt keeps the tests from stopping in order; the emulators end by themselves.
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const log = path.join(import.meta.dirname, '..', '..', 'out', name, 'ministack.log');
  mkdirSync(path.dirname(log), { recursive: true });
  // Without the user's own credentials, settings and proxies: nothing may reach the real AWS.
  const credentials = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: path.join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const base = { ...withoutSettings(process.env), TMPDIR: folder };
  // Without Amazon's images: in moto, their hundreds of snapshots would belong to this account.
  const withoutImages = { MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' };
  const moto = await startMoto({ asSecurityHub: true, env: { ...base, ...credentials, ...withoutImages } });
  const motoEndpoints = Object.fromEntries(
    motoEndpointVariables.map((variable) => [variable, moto.endpoint]),
  );
  try {
    const ministack = await startMinistack({
      account,
      region,
      env: { ...base, ...credentials, ...motoEndpoints },
      log,
    });
    const callers = await makeCallers({
      region,
      endpoint: ministack.endpoint,
      credentials: {
        accessKeyId: credentials.AWS_ACCESS_KEY_ID,
        secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY,
      },
    });
    return {
      callers,
      env: {
        ...credentials,
        ...motoEndpoints,
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

/** The environment without variables that name an AWS or change how Node runs, so that tests run alike everywhere. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(AWS_|VITEST|NODE_(ENV|OPTIONS|V8_COVERAGE)$|(HTTPS?|ALL)_PROXY$|PROXY$)/i.test(name),
    ),
  );
}
