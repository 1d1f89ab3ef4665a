/**
 * The evaluators that services may name: deployment units, each with a rule, a queue, a function and a role for some
 * services, so that a storm in one delays no other and each role stays small.
 */
import type { EvaluatorName } from '../lib/core/service.ts';

/** The size of a function. */
export interface EvaluatorSize {
  /**
   * Megabytes. Lambda gives processor time by memory, of which the start of a function takes most: with 512 MB it takes
   * about half of what it does with 256 MB, for each of which the work itself is waiting for AWS.
   */
  readonly memory: number;
  /**
   * Seconds. An evaluator waits some seconds for what was just made, and takes its messages one by one where taking them
   * together failed.
   */
  readonly timeout: number;
}

const usual: EvaluatorSize = { memory: 512, timeout: 120 };

/** Nobody waits for a scheduled scan. It goes from page to page, and leaves a minute for the last of them. */
export const scanSize: EvaluatorSize = { memory: 256, timeout: 300 };

/** By name; a service that names another one does not package. */
const sizes: Readonly<Record<EvaluatorName, EvaluatorSize>> = {
  /** Instances, volumes, templates, and what launches them. */
  ec2: usual,
  eks: usual,
  kms: usual,
  /** Load balancers, certificates, distributions: the way of the data in transit. */
  network: usual,
  /** Databases, file systems, repositories: the data at rest. */
  data: usual,
  /** The services that watch: trails, detectors, recorders, sign-ins. */
  detection: usual,
  /** What is inside clusters, by their audit logs. */
  cluster: usual,
};

/** Every evaluator that a service may name, whether one does or not. */
export const evaluatorsWithSize: readonly EvaluatorName[] = Object.keys(sizes);

/**
 * @throws TypeError for an evaluator that has no size here.
 * @example sizeOf('kms').timeout // 120
 */
export function sizeOf(evaluator: EvaluatorName): EvaluatorSize {
  const size = Object.hasOwn(sizes, evaluator) ? sizes[evaluator] : undefined;
  if (size === undefined) {
    throw new TypeError(
      `the evaluator ${evaluator}, which a service names, has no size: add it to deploy/evaluators.ts`,
    );
  }
  return size;
}
