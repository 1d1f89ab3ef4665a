/** Doctor's checks as text and as JSON. What came from AWS is escaped here. */
import { printable } from '../output/printable.ts';
import {
  type Paint,
  painter,
  plainTable,
  type TextOptions,
  type TextStyle,
  wrapped,
} from '../output/table.ts';
import type { CheckStatus, DoctorCheck } from './check.ts';

const styles: Readonly<Record<CheckStatus, TextStyle>> = {
  ok: 'green',
  warn: 'yellow',
  fail: ['bold', 'red'],
  unknown: 'magenta',
};

/** A table of the checks, then what to do, most urgent first, with commands to paste. */
export function checksText(
  checks: readonly DoctorCheck[],
  stage: string,
  { colour, width }: TextOptions,
): string {
  const paint = painter(colour);
  const widthOf = (text: (check: DoctorCheck) => string) =>
    Math.max(6, ...checks.map((check) => text(check).length)) + 3;
  const left = width - widthOf(({ region }) => region ?? '') - widthOf(({ id }) => id) - 'unknown'.length - 6;
  const rows = checks.map(({ status, region, id, message }) => [
    paint(styles[status], status),
    region ?? '',
    id,
    wrapped(printable(message), Math.max(30, left)),
  ]);
  const parts = [
    `${paint('bold', 'Trailseal doctor')}, stage ${stage}`,
    plainTable(['Status', 'Region', 'Check', 'Result'], rows),
    adviceText(checks, paint),
    conclusion(checks, paint),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const urgency: readonly CheckStatus[] = ['fail', 'unknown', 'warn'];

function adviceText(checks: readonly DoctorCheck[], paint: Paint): string {
  const lines = urgency.flatMap((status) =>
    checks
      .filter((check) => check.status === status)
      .flatMap(({ region, id, advice }) =>
        advice === undefined
          ? []
          : [
              `  ${paint(styles[status], region === undefined ? id : `${region} ${id}`)}: ${printable(advice.text)}`,
              ...advice.commands.map((command) => `      ${printable(command)}`),
            ],
      ),
  );
  return lines.length === 0 ? '' : [paint('bold', 'What to do'), ...lines].join('\n');
}

function conclusion(checks: readonly DoctorCheck[], paint: Paint): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  const [fail, unknown, warn] = [count('fail'), count('unknown'), count('warn')];
  if (fail + unknown + warn === 0) return paint('green', `Ready: all ${checks.length} checks passed.`);
  const counts = [
    ...(fail > 0 ? [`${fail} failed`] : []),
    ...(unknown > 0 ? [`${unknown} could not be made`] : []),
    ...(warn > 0 ? [`${warn} ${warn === 1 ? 'warning' : 'warnings'}`] : []),
  ].join(', ');
  const state = fail > 0 ? 'Not ready' : unknown > 0 ? 'Not known to be ready' : 'Ready';
  return `${state}: ${checks.length === 1 ? '1 check' : `${checks.length} checks`}, ${counts}.`;
}

export function checksJson(checks: readonly DoctorCheck[], stage: string) {
  return {
    stage,
    ready: checks.every(({ status }) => status === 'ok' || status === 'warn'),
    checks: checks.map(({ id, region, status, message, advice }) => ({
      id,
      region: region ?? null,
      status,
      message,
      advice: advice ?? null,
    })),
  };
}
