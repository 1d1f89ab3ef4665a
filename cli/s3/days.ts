/** The folders of days in CloudTrail's layout: `YYYY/MM/DD/`, in UTC. Pure. */
import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';

const day = 86_400_000;

/** Whole days since 1970, both included; an absent bound is open. */
export interface Days {
  readonly first?: number;
  readonly last?: number;
}

/**
 * The days whose folders may hold events of the scope. A log file is in the folder of the day on which it was delivered,
 * minutes and rarely hours after its events: therefore one more day is read.
 * Source: AWS CloudTrail User Guide, "Getting and viewing your CloudTrail log files".
 */
export function daysOf({ since, until }: Pick<ReplayScope, 'since' | 'until'>): Days {
  return {
    ...(since === undefined ? {} : { first: Math.floor(since / day) }),
    ...(until === undefined ? {} : { last: Math.floor((until - 1) / day) + 1 }),
  };
}

/** Whether to list which years exist, rather than name all of `days`. */
export function isLong({ first, last }: Days): boolean {
  return first === undefined || last === undefined || yearOf(last) - yearOf(first) > 1;
}

/** The fewest folders that hold exactly the days from `first` to `last`, in order. */
export function foldersOf(first: number, last: number): readonly string[] {
  const folders: string[] = [];
  for (let from = first; from <= last; ) {
    const date = new Date(from * day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    const [nextYear, nextMonth] = [dayOf(year + 1, 0), dayOf(year, month + 1)];
    const name = [String(year).padStart(4, '0'), twoDigits(month + 1), twoDigits(date.getUTCDate())];
    if (from === dayOf(year, 0) && nextYear - 1 <= last) {
      folders.push(folder(name.slice(0, 1)));
      from = nextYear;
    } else if (from === dayOf(year, month) && nextMonth - 1 <= last) {
      folders.push(folder(name.slice(0, 2)));
      from = nextMonth;
    } else {
      folders.push(folder(name));
      from += 1;
    }
  }
  return folders;
}

/** The same within one year; empty where no day of it is among `days`. */
export function foldersOfYear(year: number, { first = -Infinity, last = Infinity }: Days): readonly string[] {
  return foldersOf(Math.max(first, dayOf(year, 0)), Math.min(last, dayOf(year + 1, 0) - 1));
}

function dayOf(year: number, month: number): number {
  // Not Date.UTC, which takes the years before 100 for those after 1900.
  return Math.floor(new Date(0).setUTCFullYear(year, month, 1) / day);
}

function yearOf(days: number): number {
  return new Date(days * day).getUTCFullYear();
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

function folder(names: readonly string[]): string {
  return `${names.join('/')}/`;
}
