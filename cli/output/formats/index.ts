/** The output formats that tools take, by their names on the command line. */
import type { FileFormat } from '../../commands/options.ts';
import { computing } from '../../signals.ts';
import { printableJson } from '../printable.ts';
import { replayJson } from '../replay-json.ts';
import { asffOf } from './asff.ts';
import { csvOf } from './csv.ts';
import { junitOf } from './junit.ts';
import { markdownOf } from './markdown.ts';
import { ocsfOf } from './ocsf.ts';
import type { RunOutput } from './run-output.ts';
import { sarifOf } from './sarif.ts';

const formats: Readonly<Record<FileFormat, (run: RunOutput) => string>> = {
  json: (run) => json(replayJson(run.replay, run.origin)),
  asff: (run) => json(asffOf(run).findings),
  ocsf: (run) => json(ocsfOf(run)),
  csv: csvOf,
  junit: junitOf,
  sarif: (run) => json(sarifOf(run)),
  markdown: markdownOf,
};

/** The results of a run in a format, ending with a line break. */
export function formatted(run: RunOutput, format: FileFormat): string {
  return computing(() => formats[format](run));
}

function json(value: unknown): string {
  return `${printableJson(value, 2)}\n`;
}
