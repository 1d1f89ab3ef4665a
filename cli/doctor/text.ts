/** What doctor found, for people and for programs. What came from AWS is escaped here. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { printable } from '../output/printable.ts';
import { plainChars, wrapped } from '../output/table.ts';
import type { Check, Status } from './check.ts';

export interface PrintOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<Status, Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: ['bold', 'red'],
  unknown: 'magenta',
};

/** A table of the checks, then what to do, worst first, with commands that can be copied. */
export function checksText(checks: readonly Check[], stage: string, { colour, width }: PrintOptions): string {
  const paint = (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const others = (of: (check: Check) => string) =>
    Math.max(6, ...checks.map((check) => of(check).length)) + 3;
  const left = width - others(({ region }) => region ?? '') - others(({ id }) => id) - 'unknown'.length - 6;
  const table = new Table({
    head: ['Status', 'Region', 'Check', 'What was seen'],
    style: { head: [], border: [], compact: true },
    chars: plainChars,
  });
  for (const { status, region, id, seen } of checks) {
    table.push([
      paint(styles[status], status),
      region ?? '',
      id,
      wrapped(printable(seen), Math.max(30, left)),
    ]);
  }
  const parts = [
    `${paint('bold', 'Trailseal doctor')}, stage ${stage}`,
    table.toString(),
    adviceText(checks, paint),
    summary(checks, paint),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const urgency: readonly Status[] = ['fail', 'unknown', 'warn'];

function adviceText(checks: readonly Check[], paint: (style: Style, text: string) => string): string {
  const lines = urgency.flatMap((status) =>
    checks
      .filter((check) => check.status === status)
      .flatMap(({ region, id, advice }) =>
        advice === undefined
          ? []
          : [
              `  ${paint(styles[status], region === undefined ? id : `${region} ${id}`)}: ${printable(advice.what)}`,
              ...advice.commands.map((command) => `      ${printable(command)}`),
            ],
      ),
  );
  return lines.length === 0 ? '' : [paint('bold', 'What to do'), ...lines].join('\n');
}

function summary(checks: readonly Check[], paint: (style: Style, text: string) => string): string {
  const count = (status: Status) => checks.filter((check) => check.status === status).length;
  const [fail, unknown, warn] = [count('fail'), count('unknown'), count('warn')];
  if (fail + unknown + warn === 0) return paint('green', `Ready: ${checks.length} checks, all in order.`);
  const counts = [
    ...(fail > 0 ? [`${fail} failed`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(warn > 0 ? [`${warn} to watch`] : []),
  ].join(', ');
  return `${fail > 0 ? 'Not ready' : unknown > 0 ? 'Not known to be ready' : 'Ready'}: of ${checks.length === 1 ? '1 check' : `${checks.length} checks`}, ${counts}.`;
}

/** For programs: one object. */
export function checksJson(checks: readonly Check[], stage: string): Readonly<Record<string, unknown>> {
  return {
    stage,
    ready: checks.every(({ status }) => status === 'ok' || status === 'warn'),
    checks: checks.map(({ id, region, status, seen, advice }) => ({
      id,
      region: region ?? null,
      status,
      seen,
      advice: advice ?? null,
    })),
  };
}
