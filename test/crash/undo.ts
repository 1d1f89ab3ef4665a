/** `trailseal undo`, as it can be bundled and invoked. */
import { runUndo } from '../../cli/undo/run.ts';

interface UndoEvent {
  readonly finding: string;
  readonly stage: string;
  readonly region: string;
}

/** @returns the command's exit code. */
export function handler({ finding, stage, region }: UndoEvent): Promise<number> {
  const flags = { stage, region, format: 'json', yes: true, reason: 'a test', action: [] } as const;
  return runUndo([finding], flags, new AbortController().signal, undefined);
}
