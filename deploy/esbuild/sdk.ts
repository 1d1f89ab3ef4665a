/** What packages bring for other places than Lambda, and for other calls than Trailseal's, left out. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * The environment as the only source of credentials and settings: Lambda puts the role's credentials there, where the
 * SDK looks first. Its other sources of credentials (profiles, SSO, instance metadata …) bring clients of their
 * own; the files of profiles, which settings may stand in as well, are not there in Lambda.
 * Source: AWS Lambda Developer Guide, "Defined runtime environment variables"; AWS SDKs and Tools Reference Guide,
 * "Standardized credential providers".
 */
export const environmentOnly: Plugin = {
  name: 'environment-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]dist-es[\\/]index\.js$/ }, () => ({
      contents:
        "import { fromEnv } from '@aws-sdk/credential-provider-env';\nexport const defaultProvider = fromEnv;\n",
      loader: 'js',
    }));
    build.onLoad({ filter: /[\\/]shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/ }, () => ({
      contents:
        "export { CONFIG_PREFIX_SEPARATOR } from './constants';\n" +
        'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });\n',
      loader: 'js',
    }));
  },
};

/**
 * No event streams: no operation of the services called here has one. The SDK imports their code when it meets one;
 * that import, being late, has esbuild wrap half of the SDK's core into functions that are run on require, which takes
 * longer to load. A call that has a stream after all fails, and says why.
 */
export const noEventStreams: Plugin = {
  name: 'no-event-streams',
  setup(build) {
    build.onResolve({ filter: /^@smithy\/core\/event-streams$/ }, (args) =>
      args.kind === 'dynamic-import' ? { path: args.path, namespace: 'no-event-streams' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'no-event-streams' }, () => ({
      contents:
        'export function eventStreamSerdeProvider() {\n' +
        "  throw new Error('this bundle has no event streams: take noEventStreams out of deploy/esbuild/plugins.ts');\n}\n" +
        'export const EventStreamSerde = eventStreamSerdeProvider;\n',
      loader: 'js',
    }));
  },
};

/** SHA-256 by Node alone: the SDK has one in JavaScript besides, for a Node that is built without cryptography. */
export const nativeSha256: Plugin = {
  name: 'native-sha256',
  setup(build) {
    build.onLoad({ filter: /[\\/]@smithy[\\/]core[\\/].*[\\/]Sha256Js\.js$/ }, () => ({
      contents:
        'export class Sha256Js {\n' +
        "  constructor() {\n    throw new Error('this Node has no SHA-256, without which no call can be signed');\n  }\n}\n",
      loader: 'js',
    }));
  },
};

/** A client reads its own version from its package.json, for the user agent; the rest of the file is of no use. */
export const packageVersions: Plugin = {
  name: 'package-versions',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, async (args) => {
      const { name, version }: Record<string, unknown> = JSON.parse(await readFile(args.path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/**
 * The cache of DynamoDB's endpoint discovery, which is off unless the environment asks for it, on a map: the library
 * that it is made of weighs more than all of the discovery.
 */
export const plainEndpointCache: Plugin = {
  name: 'plain-endpoint-cache',
  setup(build) {
    build.onResolve({ filter: /^mnemonist\/lru-cache$/ }, () => ({
      path: path.join(import.meta.dirname, 'lru-cache.ts'),
    }));
  },
};

/** zod/mini names its helpers by a way (`core.util.…`) on which esbuild can't see which of them are used. */
export const directHelpers: Plugin = {
  name: 'direct-helpers',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]mini[\\/]schemas\.js$/ }, async (args) => ({
      contents: (await readFile(args.path, 'utf8')).replaceAll('core.util.', 'util.'),
      loader: 'js',
    }));
  },
};
