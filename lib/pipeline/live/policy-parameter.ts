/** The SSM parameter that contains an override of the policy; it is read at most once a minute. */
import { BaseProvider } from '@aws-lambda-powertools/parameters/base';
import {
  GetParameterCommand,
  type Parameter,
  ParameterNotFound,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';

/** The IAM actions that reading it needs, on the parameter. */
export const policyParameterPermissions = ['ssm:GetParameter', 'ssm:GetParameterHistory'] as const;

/** How long a read value is reused, in seconds. */
const kept = 60;

/** One version of the parameter. A parameter that is deleted and created again begins at version 1. */
export interface PolicyVersion {
  readonly version: number;
  readonly value: string;
}

export interface ReadParameter {
  /** `undefined` where the parameter does not exist. */
  readonly current: PolicyVersion | undefined;
  /** Epoch milliseconds. */
  readonly readAt: number;
}

export interface PolicyParameter {
  /** Rejects with what the SDK throws when it can't be read. */
  read(): Promise<ReadParameter>;
  /** Its versions before this one, newest first: SSM keeps the last hundred. Rejects as `read` does. */
  before(version: number): Promise<readonly PolicyVersion[]>;
}

/** Powertools' cache, with the version beside the value. */
class Versions extends BaseProvider {
  readonly #ssm: SSMClient;

  constructor(ssm: SSMClient) {
    super({ awsSdkV3Client: ssm });
    this.#ssm = ssm;
  }

  /** That the parameter does not exist is an answer too, and is reused as long. */
  protected override async _get(name: string): Promise<ReadParameter> {
    const readAt = Date.now();
    try {
      const { Parameter: found } = await this.#ssm.send(new GetParameterCommand({ Name: name }));
      return { current: versionIn(found), readAt };
    } catch (error) {
      if (error instanceof ParameterNotFound) return { current: undefined, readAt };
      throw error;
    }
  }

  protected override async _getMultiple(): Promise<never> {
    throw new TypeError('one parameter is read, and no others');
  }

  async read(name: string): Promise<ReadParameter> {
    try {
      // Powertools caches the result of `_get`, but has no type for it.
      return (await this.get(name, { maxAge: kept })) as ReadParameter;
    } catch (error) {
      // Powertools' own error says no more than the SDK's, which is its cause.
      throw error instanceof Error && error.cause !== undefined ? error.cause : error;
    }
  }
}

/**
 * The parameter of the policy override, with its history.
 * Source: AWS Systems Manager API Reference, "GetParameter", "GetParameterHistory", "Parameter".
 * @param name the parameter's name.
 * @returns a reader. Its methods reject with what the SDK throws.
 * @example const { current } = await policyParameter(new SSMClient(), '/trailseal/prod/policy').read();
 */
export function policyParameter(ssm: SSMClient, name: string): PolicyParameter {
  const versions = new Versions(ssm);
  return {
    read: () => versions.read(name),
    async before(version) {
      const found: PolicyVersion[] = [];
      for await (const page of paginateGetParameterHistory({ client: ssm, pageSize: 50 }, { Name: name })) {
        found.push(...(page.Parameters ?? []).map(versionIn));
      }
      return found.filter((one) => one.version < version).sort((one, other) => other.version - one.version);
    },
  };
}

function versionIn(found: Pick<Parameter, 'Version' | 'Value'> | undefined): PolicyVersion {
  const { Version: version, Value: value } = found ?? {};
  if (version === undefined || value === undefined) throw new TypeError('SSM tells no value, or no version');
  return { version, value };
}
