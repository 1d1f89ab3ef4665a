/**
 * An archive replayed and the same events taken live end in the same findings: the sample events of all controls, in any
 * order and number, go through both. Live, AWS is stood in for by facts that answer as the trail does at that moment.
 *
 * Three differences are meant, and kept out of the events here. The state table cuts long texts (`bounds.ts`), such as
 * user agents. Rate limits: replay counts what it plans, while live
 * leaves the counting to whoever carries a plan out, so that the policy here allows more than there are events. An event
 * that both triggers a control and deletes the resource (DeleteKey): replay evaluates the event, while live only finds
 * that there is nothing left to evaluate.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountRegion } from '../../../lib/core/account-region.ts';
import type { FactName, Resource, TrailEvent } from '../../../lib/core/control.ts';
import type {
  CurrentResource,
  FactRequest,
  LiveFactProvider,
  Tags,
} from '../../../lib/core/fact-provider.ts';
import { unknownFact } from '../../../lib/core/facts.ts';
import { resourceName } from '../../../lib/core/resource-name.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { Publisher } from '../../../lib/findings/publisher.ts';
import { Evaluator } from '../../../lib/pipeline/live/evaluator.ts';
import { Matcher } from '../../../lib/pipeline/match.ts';
import { replayArchive } from '../../../lib/pipeline/replay/replay.ts';
import { TrailFacts } from '../../../lib/pipeline/trail-facts.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { eventOf, sample } from '../../evaluating.ts';
import { MemoryStateTable } from '../../findings/state/memory-state-table.ts';
import { policyOf } from '../../policy/fixtures.ts';

const accountRegions: readonly AccountRegion[] = [
  { account: '111122223333', region: 'eu-west-1' },
  { account: '222233334444', region: 'us-gov-west-1' },
];
const start = Date.parse('2026-10-05T00:00:00Z');
const minute = 60_000;

const policy = policyOf(
  `
version: 1
defaults:
  actions: [notify, tag]
controls:
  eks-endpoint-access:
    severity: CRITICAL
exemptionTags:
  controls: [eks-audit-logging]
  maxDays: 365
guardrails:
  actionsPerHour: { perAccount: 1000, perActor: 1000, total: 1000, reservedForCritical: 0 }
  protectedTags: { owner: ['*'] }
`,
  controls,
);
const matcher = new Matcher(controls);

type Json = Readonly<Record<string, unknown>>;

/** A sample event as if it had happened in this account and Region, with these tags on the cluster. */
function moved(record: Json, { account, region }: AccountRegion, tags?: Tags): Json {
  const told = JSON.parse(
    JSON.stringify(record)
      .replaceAll(/111122223333|444455556666/g, account)
      .replaceAll(/(?:us|eu)(?:-gov)?-(?:east|west|central)-1/g, region),
  );
  told.userAgent = 'aws-cli/2.31.9';
  if (tags !== undefined && told.requestParameters !== null) told.requestParameters.tags = tags;
  return told;
}

const folder = path.join(import.meta.dirname, '../../../events');
const samples: readonly Json[] = readdirSync(folder).flatMap((control) =>
  readdirSync(path.join(folder, control)).map(
    (file) => eventOf(sample(control, path.basename(file, '.json'))).raw,
  ),
);

/** Whether one control both evaluates and ends one resource because of the event. */
function triggersAndDeletes(record: Json): boolean {
  const { triggered, deleted } = matcher.match(eventOf(record));
  return triggered.some(({ control, resource }) =>
    deleted.some((other) => other.control.id === control.id && other.resource.id === resource.id),
  );
}

const usable = samples.filter((record) => !triggersAndDeletes(record));
const clusters = usable.filter(
  ({ eventSource, requestParameters }) =>
    eventSource === 'eks.amazonaws.com' && requestParameters !== null && requestParameters !== undefined,
);
const tags: fc.Arbitrary<Tags | undefined> = fc.constantFrom(
  undefined,
  {},
  { owner: 'payments' },
  { 'trailseal:exempt': '2027-03-31 load test' },
);

/**
 * Some events in two accounts and Regions, a minute apart. Of clusters there are more than of the rest: their events tell
 * tags, or do not.
 */
const events: fc.Arbitrary<readonly TrailEvent[]> = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom(...usable), fc.constantFrom(...accountRegions))
        .map(([record, accountRegion]) => moved(record, accountRegion)),
      fc
        .tuple(fc.constantFrom(...clusters), fc.constantFrom(...accountRegions), tags)
        .map(([record, accountRegion, given]) => moved(record, accountRegion, given)),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((records) =>
    records.map((record, index) => {
      const eventTime = new Date(start + index * minute).toISOString();
      return eventOf({ ...record, eventTime, eventID: `event-${index}` });
    }),
  );

/** AWS according to the events so far: the resources that they created, without those that they deleted. */
class TrailAsAws implements LiveFactProvider {
  readonly #facts = new TrailFacts();
  readonly #deleted = new Set<string>();
  readonly #tags = new Map<string, Tags>();

  learn(event: TrailEvent): void {
    this.#facts.learn(event);
    const { triggered, deleted } = matcher.match(event);
    for (const { resource } of triggered) {
      for (const key of [keyOf(resource), resourceName(resource), resource.partOf ?? ''])
        this.#deleted.delete(key);
      if (resource.tags !== undefined) this.#tags.set(keyOf(resource), resource.tags);
    }
    for (const { resource } of deleted) {
      for (const key of [keyOf(resource), resourceName(resource)]) this.#deleted.add(key);
      this.#tags.delete(keyOf(resource));
    }
  }

  async readCurrent(requests: readonly FactRequest[]): Promise<readonly (readonly CurrentResource[])[]> {
    const gathered = await this.#facts.gather(requests);
    return requests.map(({ resource, facts: names }, index) => {
      const facts = this.#isDeleted(resource) ? allDeleted(names) : (gathered[index] ?? {});
      const tags = this.#tags.get(keyOf(resource));
      return [{ resource: tags === undefined ? resource : { ...resource, tags }, facts }];
    });
  }

  #isDeleted(resource: Resource): boolean {
    return (
      this.#deleted.has(keyOf(resource)) ||
      (resource.partOf !== undefined && this.#deleted.has(resource.partOf))
    );
  }
}

function keyOf({ account, region, type, id }: Resource): string {
  return `${account} ${region} ${type} ${id}`;
}

function allDeleted(names: readonly FactName[]): CurrentResource['facts'] {
  return Object.fromEntries(names.map((name) => [name, unknownFact('deleted', 'AWS does not find it')]));
}

/** Takes the events one after the other as they happen, and each as often as the evaluator asks for. */
async function live(all: readonly TrailEvent[]): Promise<readonly Finding[]> {
  let time = start;
  const now = () => time;
  const stateTable = new MemoryStateTable({ now });
  const aws = new TrailAsAws();
  const queue: unknown[] = [];
  const client = mockClient(SecurityHubClient);
  client.on(BatchImportFindingsCommand).resolves({ FailedCount: 0, SuccessCount: 0, FailedFindings: [] });
  const evaluator = new Evaluator({
    controls,
    policy,
    serves: () => true,
    facts: aws,
    stateTable,
    publisher: new Publisher({
      clientOf: ({ region }) => new SecurityHubClient({ region }),
      now: () => new Date(time),
      wait: async () => undefined,
      random: () => 0,
    }),
    queues: {
      again: async (bodies) => void queue.push(...bodies),
      deadLetter: async (_body, reason) => expect.fail(reason),
    },
    now,
  });
  for (const event of all) {
    time = event.time ?? time;
    aws.learn(event);
    queue.push(event.raw);
    for (let body = queue.shift(); body !== undefined; body = queue.shift()) {
      await evaluator.take([{ id: `${event.id} ${time}`, body: JSON.stringify(body), receives: 1 }]);
      time += 1;
    }
  }
  return [...stateTable.entries.values()].flatMap(({ finding }) => finding ?? []);
}

async function replayed(all: readonly TrailEvent[]): Promise<readonly Finding[]> {
  const archive = {
    records: all.length,
    uninteresting: 0,
    rejected: 0,
    events: all.map((event) => ({ event, file: 'a.json', line: undefined, copies: 1 })),
    inputErrors: [],
    files: 1,
    skipped: [],
  };
  const now = new Date(start + all.length * minute);
  return (await replayArchive(archive, { controls, policy, now })).findings;
}

function byId(findings: readonly Finding[]): Readonly<Record<string, Finding>> {
  return Object.fromEntries(findings.map((finding) => [finding.id, finding]));
}

describe('an archive that is replayed', () => {
  it('gives the findings that its events gave live', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        expect(byId(await replayed(all))).toEqual(byId(await live(all)));
      }),
      { numRuns: 200 },
    );
  });
});
