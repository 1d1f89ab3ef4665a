/**
 * A deployment in moto that carries out actions, whose process can be killed at any of its calls to AWS: the call is
 * made or not, the program never learns of it, and makes no other one.
 */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import type { ActionDeps, AnyAction, Target } from '../../lib/core/action.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { table } from '../../lib/findings/state/schema.ts';
import { carryOut } from '../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../lib/remediation/actions/run.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { undo } from '../../lib/remediation/actions/undo.ts';
import { makeClients } from '../../lib/services/clients.ts';

export const account = '123456789012';
/** One that no other test file uses: some settings are those of an account in a Region. */
export const region = 'eu-north-1';
const config = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** What a client's middleware stack takes, of whatever service. */
type Middleware = (
  next: (args: object) => Promise<object>,
  context: { readonly commandName?: string; readonly clientName?: string },
) => (args: object) => Promise<object>;
interface Stacked {
  readonly middlewareStack: { add(middleware: Middleware, options: { readonly step: 'initialize' }): void };
}

const reading = /^(Describe|Get|List|BatchGet|Query)/;
const leaseFor = 60_000;

/** The clients of a test itself, which nobody kills. */
export function bystanders() {
  return { ...makeClients(config), dynamodb: dynamodbClient(config) };
}

export async function makeTable(name: string, client = bystanders().dynamodb): Promise<void> {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = table;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...AttributeDefinitions],
      KeySchema: [...KeySchema],
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
        ...index,
        KeySchema: [...index.KeySchema],
      })),
    }),
  );
}

/** Where, in the order of its calls from 1, a process is killed. */
export interface Kill {
  readonly call: number;
  readonly moment: 'before' | 'after';
}

/** @param tableName of the state table. */
export function deployment(tableName: string) {
  const clients = bystanders();
  const calls: string[] = [];
  const writes: string[] = [];
  let kill: Kill | undefined;
  let killed = false;
  let count = 0;
  let time = Date.parse('2026-11-21T10:00:00.000Z');
  let runs = 0;

  const middleware: Middleware =
    (next, { clientName = '', commandName = '' }) =>
    async (args) => {
      if (killed) throw new Killed('the process was deleted');
      count += 1;
      const name = commandName.replace(/Command$/, '');
      calls.push(`${clientName.replace(/Client$/, '').toLowerCase()}:${name}`);
      const dies = kill?.call === count;
      if (dies && kill?.moment === 'before') {
        killed = true;
        throw new Killed(`before ${name}`);
      }
      const answer = await next(args);
      if (!reading.test(name) && !/^(PutItem|TransactWriteItems)$/.test(name)) writes.push(name);
      if (dies) {
        killed = true;
        throw new Killed(`after ${name}`);
      }
      return answer;
    };
  for (const client of Object.values<unknown>(clients)) {
    if (isStacked(client)) client.middlewareStack.add(middleware, { step: 'initialize' });
  }

  const now = () => new Date(time);
  const wait = async (milliseconds: number) => {
    time += milliseconds;
  };
  const journal = new DynamoRunHistory({ client: clients.dynamodb, table: tableName, now });
  const memory = new DynamoMemory({ client: clients.dynamodb, table: tableName, wait, random: () => 0 });
  const deps: ActionDeps = {
    clients,
    memory,
    now,
    wait,
  };
  /** A new process, which knows nothing of an earlier one. */
  const options = (): RunOptions => {
    runs += 1;
    time += 1;
    return {
      history: journal,
      deps,
      accountRegion: { account, region },
      run: `run-${runs}`,
      decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'The control fails.' },
      admit: async () => ({ admitted: true }),
      leaseFor,
    };
  };

  return {
    journal,
    memory,
    /** The calls of all processes, as IAM names them. */
    calls,
    /** What they have changed but the journal. */
    writes,
    /** Has the next process killed there. */
    killAt(at: Kill) {
      kill = at;
      count = 0;
    },
    /** Whether a process was killed since; then the next one begins when the lease of that one has run out. */
    revive(): boolean {
      const was = killed;
      kill = undefined;
      killed = false;
      if (was) time += leaseFor + 1;
      return was;
    },
    carryOut: (action: AnyAction, target: Target) => carryOut(action, target, options()),
    async undo(action: AnyAction, target: Target) {
      const actionRun = await journal.latest(target.finding.id, action.id);
      if (actionRun === undefined) throw new Error(`nothing was done for ${target.finding.id}`);
      return undo(action, actionRun, {
        ...options(),
        decision: { actor: 'operator', name: 'ana', reason: 'It was wrong.' },
      });
    },
  };
}

function isStacked(client: unknown): client is Stacked {
  return typeof client === 'object' && client !== null && 'middlewareStack' in client;
}
