/** A fixture for the evaluator: keys and clusters with states, a state table in memory, and a Security Hub that records. */
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import type { FactName, Facts } from '../../../lib/core/control.ts';
import type { LiveFactProvider, TagsOf } from '../../../lib/core/fact-provider.ts';
import { known, type Unknown, unknownFact } from '../../../lib/core/facts.ts';
import type { Memo } from '../../../lib/core/service.ts';
import { Publisher } from '../../../lib/findings/publisher.ts';
import type { OperatorExemptions } from '../../../lib/findings/state/exemptions.ts';
import { Evaluator } from '../../../lib/pipeline/live/evaluator.ts';
import { servesOnly } from '../../../lib/pipeline/live/tasks.ts';
import { controls as ec2Controls } from '../../../lib/services/ec2/controls/index.ts';
import { controls as eksControls } from '../../../lib/services/eks/controls/index.ts';
import { controls as kmsControls } from '../../../lib/services/kms/controls/index.ts';
import { MemoryStateTable } from '../../findings/state/memory-state-table.ts';
import { policyOf } from '../../policy/fixtures.ts';

export const accountRegion = { account: '111122223333', region: 'us-east-1' };
const source = { kind: 'api', call: 'DescribeKey', at: '2026-03-01T12:00:00.000Z' } as const;

const evaluators = { ec2: ec2Controls, eks: eksControls, kms: kmsControls };

/** The fact of a key's state, as DescribeKey returns it. */
export function keyState(state: string): Partial<Facts> {
  const value = { keyState: state, pendingWindowInDays: null, deletionDate: null, changedBy: null };
  return { 'kms.keyState': known(value, source) };
}
export const deleted = unknownFact('deleted', 'kms:DescribeKey does not find it');
export const denied = unknownFact('denied', 'kms:DescribeKey was denied');
export const throttled = unknownFact('throttled', 'kms:DescribeKey was throttled');
export const notReady = unknownFact('not-ready', 'the cluster is CREATING');

export class EvaluatorFixture {
  time = Date.parse('2026-03-01T12:00:00Z');
  /** What AWS answers, by the resource's id; a resource that is not in it was deleted. */
  readonly answers = new Map<string, Partial<Facts> | Unknown>();
  readonly stateTable = new MemoryStateTable({ now: () => this.time });
  readonly again: { readonly bodies: readonly unknown[]; readonly delaySeconds: number }[] = [];
  readonly deadLetters: { readonly body: string; readonly reason: string }[] = [];
  readonly securityHub = mockClient(SecurityHubClient);
  /** The queues that fail to take messages. */
  readonly broken = new Set<'again' | 'deadLetters'>();
  readonly remembered: Memo[] = [];
  /** The canary that was sent last, and what arrived. */
  canary: string | undefined;
  readonly canaries: { readonly nonce: string; readonly receivedAt: number }[] = [];
  /** The number of reads of AWS. */
  reads = 0;
  readonly evaluator: Evaluator;

  /** @param policy the text of a policy file; by default it has no actions. */
  constructor(
    evaluator: keyof typeof evaluators = 'kms',
    where = accountRegion,
    policy = 'version: 1',
    exemptions: OperatorExemptions = new Map(),
    tagsOf?: TagsOf,
  ) {
    const controls = evaluators[evaluator];
    this.securityHub.on(BatchImportFindingsCommand).callsFake(({ Findings = [] }) => ({
      FailedCount: 0,
      SuccessCount: Findings.length,
      FailedFindings: [],
    }));
    this.evaluator = new Evaluator({
      controls,
      policy: policyOf(policy, controls),
      serves: servesOnly(where),
      facts: this.#facts(),
      stateTable: this.stateTable,
      publisher: new Publisher({
        clientOf: () => new SecurityHubClient({ region: where.region }),
        now: () => new Date(this.time),
        wait: async (milliseconds) => {
          this.time += milliseconds;
        },
        random: () => 0.5,
      }),
      queues: {
        again: async (bodies, delaySeconds) => {
          if (this.broken.has('again')) throw new Error('the queue takes nothing');
          if (bodies.length > 0) this.again.push({ bodies, delaySeconds });
        },
        deadLetter: async (body, reason) => {
          if (this.broken.has('deadLetters')) throw new Error('the queue takes nothing');
          this.deadLetters.push({ body, reason });
        },
      },
      exemptions: async () => exemptions,
      ...(tagsOf === undefined ? {} : { tagsOf }),
      remember: async (memos) => void this.remembered.push(...memos),
      canaryReceived: async ({ nonce }, receivedAt) => {
        this.canaries.push({ nonce, receivedAt });
        return nonce === this.canary;
      },
      now: () => this.time,
    });
  }

  /** Delivers messages together; a second passes before each. */
  async deliver(...bodies: readonly unknown[]) {
    this.time += 1_000;
    return this.evaluator.take(
      bodies.map((body, index) => ({
        id: `message ${this.time} ${index}`,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        receives: 1,
      })),
    );
  }

  /** The findings published to Security Hub, oldest first. */
  get published() {
    return this.securityHub
      .commandCalls(BatchImportFindingsCommand)
      .flatMap(({ args: [{ input }] }) => input.Findings ?? []);
  }

  #facts(): LiveFactProvider {
    return {
      readCurrent: async (requests) => {
        this.reads += 1;
        return requests.map(({ resource, facts: names }) => {
          const answer = this.answers.get(resource.id) ?? deleted;
          return [
            {
              resource,
              facts: isUnknown(answer) ? all(names, answer) : { ...all(names, denied), ...answer },
            },
          ];
        });
      },
    };
  }
}

function isUnknown(answer: Partial<Facts> | Unknown): answer is Unknown {
  return 'known' in answer;
}

function all(names: readonly FactName[], unknown: Unknown): Partial<Facts> {
  return Object.fromEntries(names.map((name) => [name, unknown]));
}
