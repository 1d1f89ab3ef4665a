/** What doctor looked at, as plain data: everything that `assess` judges. */
import type { EventPattern, Family } from '../../lib/family.ts';
import type { QueueName } from '../../lib/names.ts';
import type { Seen } from './seen.ts';
import type { Trail } from './trails.ts';

export interface Observed {
  readonly stage: string;
  readonly identity: Seen<Identity>;
  /** Empty where the identity is not known: nobody could answer anything else. */
  readonly regions: readonly ObservedRegion[];
}

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export interface ObservedRegion {
  readonly account: string;
  readonly region: string;
  readonly trails: Seen<readonly Trail[]>;
  /** Whether Security Hub is on. */
  readonly hub: Seen<boolean>;
  readonly rules: Readonly<Record<Family, Seen<Rule | undefined>>>;
  /** What orders the sweep. */
  readonly schedule: Seen<Schedule | undefined>;
  readonly queues: Readonly<Record<QueueName, QueuePair>>;
  readonly functions: Readonly<Record<QueueName, Seen<DeployedFunction | undefined>>>;
  /** What the function's role may do, of what it needs; `undefined` where there is no function. */
  readonly rights: Readonly<Record<QueueName, Seen<readonly Simulated[]> | undefined>>;
  /** What the caller may do, of what a scan needs. */
  readonly callersRights: Seen<readonly Simulated[]>;
  /** What a deployment of these controls consists of. */
  readonly wanted: readonly Wanted[];
}

/** A family whose controls are not all switched off, and what its rule should wait for. */
export interface Wanted {
  readonly family: Family;
  readonly pattern: EventPattern;
}

export interface Rule {
  /** As EventBridge has it: JSON. */
  readonly pattern: string | undefined;
  readonly state: string | undefined;
  readonly targets: Seen<readonly Target[]>;
}

export interface Schedule {
  readonly state: string | undefined;
  /** As Scheduler has it: `rate(6 hours)`. */
  readonly rate: string | undefined;
  readonly target: Target;
}

export interface Target {
  readonly arn: string | undefined;
  readonly deadLetterArn: string | undefined;
}

export interface QueuePair {
  readonly queue: Seen<QueueState | undefined>;
  readonly deadLetters: Seen<QueueState | undefined>;
}

/** So many messages, about: SQS counts them over many servers. */
export interface QueueState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface DeployedFunction {
  readonly role: string | undefined;
  readonly state: string | undefined;
  readonly stateReason: string | undefined;
  readonly lastUpdate: string | undefined;
  /** What feeds it. */
  readonly sources: Seen<readonly EventSource[]>;
}

export interface EventSource {
  readonly id: string;
  readonly queueArn: string | undefined;
  readonly state: string | undefined;
}

/** What IAM says of one action, on a resource such as it would be used on. */
export interface Simulated {
  readonly action: string;
  readonly allowed: boolean;
  /** Whether an organization's policy, and no policy of the account, stands against it. */
  readonly deniedByOrganization: boolean;
  /** Keys of conditions that IAM could not fill in, so that its answer is no answer. */
  readonly missingContext: readonly string[];
}
