/** What packages bring for other places than Lambda, and for other calls than Trailseal's, left out. */
import path from 'node:path';
import { replacing } from './replacing.ts';

/** A module of which each client of the SDK has one. */
export const ofAnyClient = /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]runtimeConfig\.js$/;

/**
 * The environment as the only source of credentials and settings: Lambda puts the role's credentials there, where the
 * SDK looks first. Its other sources of credentials (profiles, SSO, instance metadata …) bring clients of their
 * own; the files of profiles, which settings may stand in as well, are not there in Lambda.
 * Source: AWS Lambda Developer Guide, "Defined runtime environment variables"; AWS SDKs and Tools Reference Guide,
 * "Standardized credential providers".
 */
export const environmentOnly = replacing('environment-only', [
  {
    requiredBy: ofAnyClient,
    modules: /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]dist-es[\\/]index\.js$/,
    loader: 'js',
    replace: () =>
      "import { fromEnv } from '@aws-sdk/credential-provider-env';\nexport const defaultProvider = fromEnv;\n",
  },
  {
    requiredBy: ofAnyClient,
    modules: /[\\/]shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/,
    loader: 'js',
    replace: () =>
      "export { CONFIG_PREFIX_SEPARATOR } from './constants';\n" +
      'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });\n',
  },
]);

/**
 * No event streams: no operation of the services called here has one. The SDK imports their code when it meets one;
 * that import, being late, has esbuild wrap half of the SDK's core into functions that are run on require, which takes
 * longer to load. A call that has a stream after all fails, and says why.
 */
export const noEventStreams = replacing(
  'no-event-streams',
  [
    {
      requiredBy: ofAnyClient,
      imports: /^@smithy\/core\/event-streams$/,
      resolve: ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, namespace: 'no-event-streams' } : undefined,
    },
  ],
  (build) => {
    build.onLoad({ filter: /.*/, namespace: 'no-event-streams' }, () => ({
      contents:
        'export function eventStreamSerdeProvider() {\n' +
        "  throw new Error('this bundle has no event streams: take noEventStreams out of deploy/esbuild/plugins.ts');\n}\n" +
        'export const EventStreamSerde = eventStreamSerdeProvider;\n',
      loader: 'js',
    }));
  },
);

/** SHA-256 by Node alone: the SDK has one in JavaScript besides, for a Node that is built without cryptography. */
export const nativeSha256 = replacing('native-sha256', [
  {
    requiredBy: ofAnyClient,
    modules: /[\\/]@smithy[\\/]core[\\/].*[\\/]Sha256Js\.js$/,
    loader: 'js',
    replace: () =>
      'export class Sha256Js {\n' +
      "  constructor() {\n    throw new Error('this Node has no SHA-256, without which no call can be signed');\n  }\n}\n",
  },
]);

/** A client reads its own version from its package.json, for the user agent; the rest of the file is of no use. */
export const packageVersions = replacing('package-versions', [
  {
    requiredBy: ofAnyClient,
    modules: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/,
    loader: 'json',
    replace: (text) => {
      const { name, version }: Record<string, unknown> = JSON.parse(text);
      return JSON.stringify({ name, version });
    },
  },
]);

/**
 * The cache of DynamoDB's endpoint discovery, which is off unless the environment asks for it, on a map: the library
 * that it is made of weighs more than all of the discovery.
 */
export const plainEndpointCache = replacing('plain-endpoint-cache', [
  {
    requiredBy: /[\\/]@aws-sdk[\\/]client-dynamodb[\\/]dist-es[\\/]runtimeConfig\.js$/,
    imports: /^mnemonist\/lru-cache$/,
    resolve: () => ({ path: path.join(import.meta.dirname, 'lru-cache.ts') }),
  },
]);

/** zod/mini names its helpers by a way (`core.util.…`) on which esbuild can't see which of them are used. */
export const directHelpers = replacing('direct-helpers', [
  {
    requiredBy: /[\\/]zod[\\/]v4[\\/]mini[\\/]external\.js$/,
    modules: /[\\/]zod[\\/]v4[\\/]mini[\\/]schemas\.js$/,
    loader: 'js',
    replace: (text) => text.replaceAll('core.util.', 'util.'),
  },
]);
