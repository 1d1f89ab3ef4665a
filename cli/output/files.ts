/** The files that a replay or a scan writes to its output folder, all of them whole or none. */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Control } from '../../lib/core/control.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { UsageError } from '../exit.ts';
import type { CatalogueEntry, ReportInput } from '../report/input.ts';
import { renderReport } from '../report/report.ts';
import { computing } from '../signals.ts';
import { type AsffOutput, asffOf } from './formats/asff.ts';
import type { RunOutput } from './formats/run-output.ts';
import { printable, printableJson } from './printable.ts';
import { findingJson, type RunOrigin } from './replay-json.ts';
import type { ReplayJson } from './replay-schema.ts';

export interface WrittenFiles {
  readonly files: readonly string[];
  /** Findings that `findings.asff.json` leaves out, because Security Hub would reject them. */
  readonly unpublishable: AsffOutput['refused'];
}

/** Whether a run has left its report in a folder. */
export function hasReport(folder: string): boolean {
  return existsSync(path.join(folder, 'summary.json'));
}

/**
 * Writes `findings.asff.json`, `findings.ndjson`, `summary.json` and `report.html` into `folder`, and `others` beside them or
 * elsewhere: aside first, then swapped in together, so that they are always those of one run.
 * @throws UsageError when the folder cannot be written to; then, and after an abort, the last report is still there.
 */
export async function writeOutputs(
  folder: string,
  { replay, controls, origin }: RunOutput,
  json: ReplayJson,
  others: readonly OutputFile[],
  signal?: AbortSignal,
): Promise<WrittenFiles> {
  const { findings: asff, refused } = computing(() => asffOf({ replay, origin, controls }));
  const { findings: _findings, ...summary } = json;
  const outputs: readonly [string, () => string][] = [
    ['findings.asff.json', () => `${printableJson(asff, 1)}\n`],
    ['findings.ndjson', () => findingsNdjson(replay)],
    [
      'summary.json',
      () =>
        `${printableJson({ ...summary, open: openCounts(replay), asff: { written: asff.length, leftOut: refused } }, 2)}\n`,
    ],
    ['report.html', () => renderReport(reportInput(replay, controls, origin))],
  ];
  const files = outputs.map(([name, text]): OutputFile => [path.join(folder, name), text]);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw notWritten(folder, error);
  }
  await writeFiles([...files, ...others], signal);
  return { files: [...files, ...others].map(([file]) => file), unpublishable: refused };
}

/**
 * `writeTogether`, for files that a person named.
 * @throws UsageError where the file system refuses one.
 */
export async function writeFiles(files: readonly OutputFile[], signal?: AbortSignal): Promise<void> {
  try {
    await writeTogether(files, signal);
  } catch (error) {
    const [first = ['']] = files;
    const at = isSystemError(error) && error.path !== undefined ? error.path : first[0];
    throw notWritten(path.dirname(at), error);
  }
}

function notWritten(folder: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new UsageError(
    `cannot write to ${printable(folder)}: ${printable(error.message)}; name another folder with --out, or another file with --write`,
    { cause: error },
  );
}

/** Makes the folder and its parents. Node's own recursive mkdir never ends where the file system refuses, as in /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const above = path.dirname(folder);
    if (isSystemError(error) && error.code === 'ENOENT' && above !== folder) {
      await makeFolder(above);
      await mkdir(folder);
      return;
    }
    if (!(await isFolder(folder))) throw error;
  }
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** A file's name and what makes its text. */
export type OutputFile = readonly [file: string, text: () => string];

/** The files that are written under temporary names and not swapped in yet. */
const unfinished = new Set<string>();

/**
 * Writes each file under a temporary name, and renames them when all are whole: a reader sees the old files or the new
 * ones, never a part. Rejects with the file system's error, or the signal's reason; the old files are then still there.
 */
export async function writeTogether(files: readonly OutputFile[], signal?: AbortSignal): Promise<void> {
  const aside = files.map(([file, text]) => ({ file, text, partial: `${file}.${process.pid}.partial` }));
  try {
    for (const { text, partial } of aside) {
      signal?.throwIfAborted();
      unfinished.add(partial);
      await writeFile(partial, computing(text));
    }
    signal?.throwIfAborted();
    // Nothing else is done in between, so that the time in which the files are of two runs is as short as can be.
    for (const { file, partial } of aside) await rename(partial, file);
  } finally {
    for (const { partial } of aside) {
      await rm(partial, { force: true });
      unfinished.delete(partial);
    }
  }
}

/** For an exit that cannot wait: removes what is not swapped in yet. */
export function discardUnfinished(): void {
  for (const partial of unfinished) rmSync(partial, { force: true });
}

/** One finding per line, each with the record that opened it. */
function findingsNdjson(replay: Replay): string {
  return replay.findings
    .map((finding) => {
      const event = replay.openers.get(finding.id)?.raw ?? null;
      return `${printableJson({ ...findingJson(finding), event })}\n`;
    })
    .join('');
}

function openCounts(replay: Replay): Record<string, number> {
  const open = replay.findings.filter(({ status }) => status === 'OPEN');
  const failing = open.filter(({ verdict }) => verdict === 'FAIL');
  const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'];
  return {
    ...Object.fromEntries(
      severities.map((severity) => [
        severity,
        failing.filter((finding) => finding.severity === severity).length,
      ]),
    ),
    UNKNOWN: open.length - failing.length,
  };
}

/** The report's input. */
export function reportInput(replay: Replay, controls: readonly Control[], origin: RunOrigin): ReportInput {
  const { period, records, matched, ignored, rejected, verdicts, posture, findings, inputErrors } = replay;
  return {
    command: origin.command,
    generatedAt: origin.generatedAt,
    sources: origin.sources,
    period,
    records,
    matched,
    ignored,
    rejected,
    verdicts,
    posture,
    findings,
    events: Object.fromEntries([...replay.openers].map(([id, event]) => [id, event.raw])),
    controls: controls.map(catalogueEntry),
    inputErrors,
  };
}

/** A control as the report shows it. */
export function catalogueEntry(control: Control): CatalogueEntry {
  const { id, title, description, severity, standards, remediation, reference } = control;
  return { id, title, description, severity, standards, remediation, reference };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
