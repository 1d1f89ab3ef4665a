/** What a report says of its input: a replay has read a trail, a scan has asked AWS. */
import type { ReportInput } from './input.ts';

interface Wording {
  /** What was read, one and many. */
  readonly subject: readonly [one: string, many: string];
  /** The same as headings. */
  readonly heading: readonly [one: string, many: string];
  readonly nothing: string;
  readonly empty: string;
  readonly unproven: string;
  readonly unseen: string;
  readonly unknown: string;
  readonly allRead: string;
  readonly trouble: string;
  readonly madeFrom: string;
}

const ofReplay: Wording = {
  subject: ['record', 'records'],
  heading: ['Record', 'Records'],
  nothing: 'No event in this input concerns any control.',
  empty:
    'No control found anything to report in these events. What was read, and what was left out and why, is told under Input.',
  unproven: 'the trail does not tell',
  unseen: 'no event in this period concerned such a resource',
  unknown: 'the trail does not tell',
  allRead: 'All of the input could be read.',
  trouble: 'File',
  madeFrom: 'CloudTrail records alone: it tells what the trail proves, and says where it does not',
};

const ofScan: Wording = {
  subject: ['resource', 'resources'],
  heading: ['Resource', 'Resources'],
  nothing: 'There is no resource that concerns any control.',
  empty: 'No control found anything to report. What was listed, and what could not be, is told under Input.',
  unproven: 'AWS did not tell',
  unseen: 'there is no such resource',
  unknown: 'AWS did not tell',
  allRead: 'Everything could be listed and read.',
  trouble: 'Where',
  madeFrom: 'what AWS answered while it was scanned: it tells how things are, not who made them so, or when',
};

export function wordingOf({ command }: Pick<ReportInput, 'command'>): Wording {
  return command === 'scan' ? ofScan : ofReplay;
}
