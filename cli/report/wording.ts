/** The report's words for its input: CloudTrail records of a replay, or resources of a scan. */
import type { ReportInput } from './input.ts';

interface Wording {
  /** What was read, singular and plural. */
  readonly subject: readonly [one: string, many: string];
  /** The same as headings. */
  readonly heading: readonly [one: string, many: string];
  readonly nothing: string;
  readonly empty: string;
  readonly unproven: string;
  readonly notEvaluated: string;
  readonly unknown: string;
  readonly allRead: string;
  readonly errorColumn: string;
  readonly madeFrom: string;
}

const ofReplay: Wording = {
  subject: ['record', 'records'],
  heading: ['Record', 'Records'],
  nothing: 'No event in this input is relevant to a control.',
  empty:
    'There are no findings in these events. The section Input shows what was read, and what was ignored and why.',
  unproven: 'the trail does not contain the evidence',
  notEvaluated: 'no event in this period was about such a resource',
  unknown: 'the trail does not contain the evidence',
  allRead: 'There are no input errors.',
  errorColumn: 'File',
  madeFrom: 'CloudTrail records alone: it shows what they prove, and where they prove nothing',
};

const ofScan: Wording = {
  subject: ['resource', 'resources'],
  heading: ['Resource', 'Resources'],
  nothing: 'There is no resource of any control.',
  empty: 'There are no findings. The section Input shows what was listed, and what could not be.',
  unproven: 'AWS did not return the evidence',
  notEvaluated: 'there is no such resource',
  unknown: 'AWS did not return the evidence',
  allRead: 'There are no input errors.',
  errorColumn: 'Source',
  madeFrom: 'the answers of AWS during the scan: it shows the current state, not who caused it or when',
};

export function wordingOf({ command }: Pick<ReportInput, 'command'>): Wording {
  return command === 'scan' ? ofScan : ofReplay;
}
