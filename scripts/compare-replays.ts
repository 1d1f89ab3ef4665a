/**
 * Compares the findings of two replays, written by two versions of Trailseal over the same archive into two folders, and says where they
 * differ: in the control, the resource, the verdict, the status, the actor or the events behind a finding. Words that
 * people read, such as summaries, may differ.
 *
 * Usage: node scripts/compare-replays.ts BEFORE AFTER [--without CONTROL…]
 * Exit code: 0 when they agree, 1 when they do not, 2 for wrong usage.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';

const schema = z.looseObject({
  id: z.string(),
  control: z.string(),
  resource: z.looseObject({ type: z.string(), id: z.string(), arn: z.nullable(z.string()) }),
  account: z.string(),
  region: z.string(),
  verdict: z.string(),
  status: z.string(),
  severity: z.string(),
  openedAt: z.nullable(z.string()),
  closedAt: z.nullable(z.string()),
  actor: z.looseObject({ arn: z.string() }),
  eventIds: z.array(z.string()),
});

type Finding = z.infer<typeof schema>;

/** What must be the same of a finding, as one text for each member. */
function membersOf(finding: Finding): Readonly<Record<string, string>> {
  const { resource, actor, eventIds } = finding;
  return {
    control: finding.control,
    resource: `${resource.type} ${resource.id} ${resource.arn ?? 'no ARN'}`,
    'account and Region': `${finding.account} ${finding.region}`,
    verdict: finding.verdict,
    status: finding.status,
    severity: finding.severity,
    opened: `${finding.openedAt}`,
    closed: `${finding.closedAt}`,
    actor: actor.arn,
    events: eventIds.join(' '),
  };
}

/** @returns a line for each difference; none when both hold the same findings. */
export function differences(before: readonly Finding[], after: readonly Finding[]): readonly string[] {
  const old = new Map(before.map((finding) => [finding.id, finding]));
  const now = new Map(after.map((finding) => [finding.id, finding]));
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
  return ids.flatMap((id) => {
    const [one, other] = [old.get(id), now.get(id)];
    if (one === undefined) return [`only after: ${id}`];
    if (other === undefined) return [`only before: ${id}`];
    const [was, is] = [membersOf(one), membersOf(other)];
    return Object.keys(was).flatMap((name) =>
      was[name] === is[name] ? [] : [`${id}: ${name} was ${was[name]}, is ${is[name]}`],
    );
  });
}

/** @param folder what a replay wrote to (`--out`). */
function findingsIn(folder: string, without: ReadonlySet<string>): readonly Finding[] {
  return readFileSync(path.join(folder, 'findings.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => schema.parse(JSON.parse(line)))
    .filter(({ control }) => !without.has(control));
}

if (import.meta.main) {
  const [before, after, flag, ...controls] = process.argv.slice(2);
  if (before === undefined || after === undefined || (flag !== undefined && flag !== '--without')) {
    process.stderr.write('usage: compare-replays.ts BEFORE AFTER [--without CONTROL…]\n');
    process.exit(2);
  }
  const without = new Set(controls);
  const [old, now] = [findingsIn(before, without), findingsIn(after, without)];
  const found = differences(old, now);
  for (const line of found) process.stdout.write(`${line}\n`);
  process.stdout.write(`${old.length} findings before, ${now.length} after, ${found.length} differences\n`);
  process.exit(found.length === 0 ? 0 : 1);
}
